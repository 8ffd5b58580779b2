/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_NAME_SERVER_H
#define CGTPROXY_INSPECT_NAME_SERVER_H

#include "socket/listeners.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * Finds the name server of a program over IPv4, by asking its UDP sockets for the address of localhost, which no name
 * server needs others for. Takes a second if none answers.
 *
 * @listeners: all there are
 * @cgroup_id: of the cgroup in which the program made its sockets
 * @address:   set to where queries have to be sent, if there is one
 *
 * Returns whether one has answered.
 */
bool name_server_find(const struct listeners *listeners, uint64_t cgroup_id, struct sockaddr_in *address);

#endif
