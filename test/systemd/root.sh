#!/bin/sh
# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Creates the machine's root file system, in its own mount namespace: this system's / below an overlay in memory,
# so that whatever the machine writes is lost with it. Says "ready", and ends when its standard input does; whoever
# holds the namespace by then keeps the root.
#
# Usage: root.sh DIRECTORY ADDITIONS    DIRECTORY gets root/; ADDITIONS is copied into it
set -eu
directory=$1
additions=$2

mount -t tmpfs -o mode=755 tmpfs "$directory"
mkdir "$directory/upper" "$directory/work" "$directory/root"
mount -t overlay -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" overlay "$directory/root"
sh "$(dirname "$0")/settle.sh" "$directory/root"

# tar and not cp, for it goes through links such as /lib where the additions have a directory.
tar -C "$additions" -c . | tar -C "$directory/root" -x --no-same-owner --keep-directory-symlink
echo ready
cat >/dev/null
