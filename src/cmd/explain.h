/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_EXPLAIN_H
#define CGTPROXY_CMD_EXPLAIN_H

#include "cmd/cmd.h"
#include "inspect/report.h"
#include "inspect/sender.h"

#include <jansson.h>

/** What there is to print. */
struct answer {
	const struct question *question;
	const struct report *report;
	const char *advice; /* by advice_make() */
};

/** Prints an answer for people, with headings or without. */
void explain_print_text(const struct answer *answer, bool has_legend);

/** Prints what begins a line: a word in the user's language, padded; or "" to go on in the next line. */
void explain_print_label(const char *label);

/** Prints a container with a network of its own, and what the kernel does with what it sends. */
void explain_print_container(const struct listed_container *container);

/** Prints what happens to packets to the destination asked about, if one was. */
void explain_print_traffic(const struct question *question, const struct explanation *answer);

/** Prints what happens to kinds of packets to a destination. */
void explain_print_traces(const struct destination *destination, const struct trace *traces, size_t count);

/** Describe parts of an answer as JSON; NULL without memory. */
json_t *explain_json_of_trace(const struct trace *trace);
json_t *explain_json_of_destination(const struct destination *destination);

/** Explains where the traffic of another host goes. @destination: or NULL. Returns the exit code. */
int explain_sender(const struct arguments *arguments, const struct sender *sender,
		   const struct destination *destination);

/** Prints an answer as JSON. Returns 0 or -ENOMEM. */
int explain_print_json(const struct answer *answer, enum json_format format);

/** Returns "tcp", "udp", "udplite", "sctp", "raw" for a socket's protocol. */
const char *explain_protocol(uint8_t protocol);

#endif
