#!/bin/sh
# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The first process of the machine: makes the namespaces that it still lacks, mounts what a container manager mounts,
# and becomes systemd or another program. Runs as process 1 of a PID namespace, where ROOT is a mount point.
#
# Usage: boot.sh ROOT CGROUP [PROGRAM [ARGUMENT...]]
# CGROUP is the directory of the cgroup that becomes the machine's root cgroup. Without a PROGRAM it is systemd.
set -eu

if [ "$1" != inside ]; then
	# The cgroup first: a cgroup namespace begins where the process is that makes it.
	echo 0 >"$2/cgroup.procs"
	exec unshare --mount --propagation private --uts --ipc --cgroup -- sh "$0" inside "$@"
fi
root=$2
shift 3

cd "$root"
mount -t proc proc proc
if [ $# = 0 ]; then
	# Only the network's sysctls are the machine's own, the others are this system's. systemd would set them.
	mount --bind proc/sys proc/sys
	mount --bind proc/sys/net proc/sys/net
	mount -o remount,bind,ro proc/sys
fi
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
# Read-only, as in any container.
mount -t sysfs sysfs sys
mount -o remount,bind,ro sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
# Nodes of its own, so that nothing changes the modes of this system's.
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

hostname box
pivot_root . .
umount -l .
# What systemd does itself where it is not in a container: credentials of units are mounted in a namespace of their own.
mount --make-rshared /
[ $# = 0 ] || exec chroot . "$@"
# Nothing that reaches beyond the namespaces: no clock, modules, hardware, kernel log.
exec chroot . setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-syslog,-mac_admin,-mac_override,-wake_alarm \
	env -i container=box /lib/systemd/systemd --log-target=journal-or-kmsg --show-status=no
