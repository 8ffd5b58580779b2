/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_CONTAINER_OF_H
#define CGTPROXY_UTIL_CONTAINER_OF_H

#include <stddef.h>

/** The structure of a type, of which a pointer points to a member. */
#define CONTAINER_OF(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
