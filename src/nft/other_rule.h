/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_OTHER_RULE_H
#define CGTPROXY_NFT_OTHER_RULE_H

#include "nft/ruleset.h"
#include "util/fwmark.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STEERED_MARKS_MAX = 64, /* bits in a set of marks */
};

/** Marks of steered traffic. A set of them is a bit mask of their indexes. */
struct steered_marks {
	struct fwmark items[STEERED_MARKS_MAX];
	size_t count;
};

/** Returns the set of all of them. */
uint64_t steered_marks_all(const struct steered_marks *marks);

/** Effects of another program's rule on steered traffic with some marks. */
struct other_rule {
	uint64_t may_match; /* packets with these marks */
	uint64_t matches;   /* certainly matches all packets with these marks */
	uint64_t sets_mark; /* of packets with these marks */
	bool has_notrack;
	bool ends;		 /* matching packets don't reach the next rule of the chain */
	bool accepts_loopback;	 /* packets from the loopback interface, without other conditions */
	bool drops_by_address;	 /* by address type, on interfaces other than loopback */
	bool may_accept_senders; /* may accept all that other hosts in some place send: it asks for no more than that */
	bool drops;		 /* drops or rejects what it matches */
	bool is_broad;		 /* it has no condition but on marks, and where or from whom a packet arrives */
	const struct nlattr *to; /* the name of the chain that it jumps to, or NULL */
};

/**
 * Reads a rule's expressions.
 *
 * @expressions: NFTA_RULE_EXPRESSIONS; an unknown expression counts as a condition that may or may not hold
 */
void other_rule_read(struct other_rule *rule, const struct nlattr *expressions, const struct steered_marks *marks);

#endif
