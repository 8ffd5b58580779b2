/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_LDNS_H
#define CGTPROXY_RELAY_LDNS_H

/* The parts of ldns that are used. Its headers are included nowhere else, since the order of these matters. */

#include <stdbool.h> /* without it, ldns makes bool a signed char, in which 0x100 is false */
#include <stddef.h>
#include <stdint.h>

#include <ldns/rbtree.h> /* which lacks the two before it, as host2wire.h lacks this one */

#include <ldns/dname.h>
#include <ldns/host2wire.h>
#include <ldns/packet.h>
#include <ldns/rr.h>
#include <ldns/wire2host.h>

_Static_assert((bool)2 == true, "bool is C's");

#endif
