#!/bin/sh
# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prepares a root file system for a machine in namespaces: removes the configuration of the system that it comes from,
# and what can't work there.
#
# Usage: settle.sh ROOT
set -eu
cd "$1"

# None of this system's services, sysctls, disks and networks, whatever is installed here.
rm -rf etc/systemd/system etc/systemd/user etc/systemd/network etc/systemd/system.conf.d etc/systemd/journald.conf.d \
	etc/systemd/system-generators usr/local/lib/systemd etc/rc?.d etc/sysctl.d etc/modules-load.d etc/cgtproxy \
	var/lib/systemd var/log/journal usr/sbin/policy-rc.d
mkdir -p etc/systemd/system var/lib/systemd
: >etc/fstab
tr -d - </proc/sys/kernel/random/uuid >etc/machine-id
echo box >etc/hostname
# Its own name, or sudo asks the name servers, which are not there.
printf '127.0.0.1 localhost box\n::1 localhost\n' >etc/hosts

# What a container can't or must not do, or what would only take time.
for unit in \
	getty.target systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service \
	systemd-sysctl.service systemd-timesyncd.service systemd-journald-audit.socket systemd-binfmt.service \
	sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
	proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount systemd-random-seed.service \
	systemd-networkd-wait-online.service systemd-tmpfiles-clean.timer e2scrub_all.timer fstrim.timer; do
	ln -s /dev/null "etc/systemd/system/$unit"
done
ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target
