/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CONTAINERS_H
#define CGTPROXY_INSPECT_CONTAINERS_H

#include <stdbool.h>

/** The unit of Docker's daemon, below which its containers are not. */
#define DOCKER_UNIT "docker.service"

/** An expression for all of Docker's containers, as a rule's selector: with systemd's cgroup driver, and its own. */
#define DOCKER_CONTAINERS "match: ^(/[^/]+\\.slice)*/docker(-[0-9a-f]+\\.scope|/[0-9a-f]+)(/|$)"

/** Returns whether a path is that of a container of Docker's itself, and of nothing below it. */
bool container_of_docker(const char *path);

#endif
