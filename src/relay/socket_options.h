/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_SOCKET_OPTIONS_H
#define CGTPROXY_RELAY_SOCKET_OPTIONS_H

/**
 * Sets what all TCP sockets of the relay have: no delay for small packets, probes that find out whether the other side
 * is still there, and urgent data in its place among the rest. The sockets of accepted connections have it from their
 * listener.
 */
void socket_prepare(int fd);

/** Has close(2) reset the connection; does nothing for -1. */
void socket_reset_on_close(int fd);

/** Closes a socket, resetting the connection. */
void socket_reset(int fd);

/** Returns the error of a socket as an errno, or 0, and clears it. */
int socket_take_error(int fd);

#endif
