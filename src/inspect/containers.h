/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CONTAINERS_H
#define CGTPROXY_INSPECT_CONTAINERS_H

#include <stdbool.h>
#include <stddef.h>

/** The unit of Docker's daemon, below which its containers are not. */
#define DOCKER_UNIT "docker.service"

/** An expression for all of Docker's containers, as a rule's selector: with systemd's cgroup driver, and its own. */
#define DOCKER_CONTAINERS "match: ^(/[^/]+\\.slice)*/docker(-[0-9a-f]+\\.scope|/[0-9a-f]+)(/|$)"

enum { CONTAINER_NAME_SIZE = 320 };

/**
 * Writes the container engine and the container's name, as far as the path of a cgroup tells: "docker 0123456789ab",
 * "podman 0123456789ab", "machine mailhost". The name is untrusted: escape it for display.
 *
 * Returns whether the path tells.
 */
bool container_write_name(const char *path, char *name, size_t size);

/** Returns whether a path is that of a container of Docker's itself, and of nothing below it. */
bool container_of_docker(const char *path);

#endif
