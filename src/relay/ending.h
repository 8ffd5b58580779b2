/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_ENDING_H
#define CGTPROXY_RELAY_ENDING_H

#include "relay/state.h"

/* How connections end, and what is logged of those that fail before they are open. */

/** Closes the socket to the upstream, if there is one. */
void connection_close_upstream(struct connection *connection);

/**
 * Ends a connection; one that is over stays so. Its memory stays until connections_bury().
 *
 * @with_reset: both sides see that something went wrong
 */
void connection_end(struct connection *connection, bool with_reset);

/** Logs a failure and resets both sides. @text: translated */
void connection_fail(struct connection *connection, enum failure_cause cause, uint32_t detail, const char *text);

/** The same: the upstream, or for want of one the destination, can't be connected to. @code: an errno */
void connection_fail_to_reach(struct connection *connection, int code);

/** The same: the handshake says why. */
void connection_fail_in_handshake(struct connection *connection);

/** The same: the upstream is gone during the handshake. @code: an errno, or 0 if it ended the connection */
void connection_lose(struct connection *connection, int code);

#endif
