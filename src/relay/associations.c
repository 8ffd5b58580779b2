/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/associations.h"

#include "relay/association.h"
#include "relay/control.h"
#include "relay/names.h"
#include "util/clock.h"
#include "util/language.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whoever was heard of later is not turned out for a newcomer: a flood of them would let nobody stay. */
static const uint64_t rest = 2 * USEC_PER_SEC;

void associations_init(struct associations *associations, size_t max)
{
	*associations = (struct associations){.max = max};
	TAILQ_INIT(&associations->list);
	TAILQ_INIT(&associations->over);
}

/* Returns whether there may be a new one for this client; or else it has been said why not. */
static bool may_begin(struct relay *relay, const struct endpoint *client, const struct endpoint *destination)
{
	if (relay->upstream->kind == UPSTREAM_HTTP)
		association_report(relay, FAILURE_NO_UDP, 0, destination, _("an HTTP proxy can't pass on UDP"));
	else if (association_is_own(relay, client))
		association_report(relay, FAILURE_LOOP, IPPROTO_UDP, destination,
				   _("ignored a datagram: it is the relay's own, and is sent back to the relay: the "
				     "relay's cgroup "
				     "has to be direct"));
	else
		return clock_now() >= relay->associations.silent_until;
	return false;
}

/* Returns whether there is a place for one more. */
static bool make_room(struct relay *relay, const struct endpoint *destination)
{
	struct associations *associations = &relay->associations;
	struct association *oldest = TAILQ_FIRST(&associations->list);
	char text[256];

	if (associations->count < associations->max)
		return true;
	if (oldest != NULL && oldest->used + rest <= clock_now()) {
		association_end(oldest);
		return true;
	}
	snprintf(text, sizeof(text), _("ignored a datagram: there are %zu clients of UDP, as many as may be"),
		 associations->count);
	association_report(relay, FAILURE_LIMIT, IPPROTO_UDP, destination, text);
	return false;
}

/* Returns 0 or a negative errno. */
static int enter(struct association *association)
{
	struct associations *associations = &association->relay->associations;
	const int result = sources_enter(&associations->sources, &association->client, &association->source);

	if (result < 0)
		return result;
	if (tsearch(association, &associations->tree, association_compare) == NULL) {
		sources_leave(&associations->sources, association->source);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&associations->list, association, entry);
	associations->count++;
	return 0;
}

static void refuse(struct relay *relay, const struct endpoint *destination, int result)
{
	if (result == -EUSERS)
		association_report(relay, FAILURE_SOURCE, IPPROTO_UDP, destination,
				   _("ignored a datagram: its client has as many ports as one may have"));
	else
		association_report(relay, FAILURE_RESOURCES, (uint32_t)-result, destination, strerror(-result));
}

/* Returns a new one, which may be over already, or NULL. */
static struct association *begin(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
				 const struct endpoint *fake)
{
	struct association *association = NULL;
	int result = -ENOMEM;

	if (!may_begin(relay, client, destination) || !make_room(relay, destination))
		return NULL;
	association = calloc(1, sizeof(*association));
	if (association != NULL) {
		association->relay = relay;
		association->client = *client;
		association->first = *destination;
		association->fake = *fake;
		association->control.fd = association->socket.fd = -1;
		STAILQ_INIT(&association->held);
		result = enter(association);
	}
	if (result < 0) {
		free(association);
		refuse(relay, destination, result);
		return NULL;
	}
	names_hold(relay, &association->fake);
	if (relay->upstream->kind == UPSTREAM_DIRECT)
		association_open(association, NULL);
	else
		control_begin(association);
	return association;
}

static struct association *find(struct relay *relay, const struct endpoint *client, const struct endpoint *fake)
{
	const struct association wanted = {.client = *client, .fake = *fake};
	struct association *const *found = tfind(&wanted, &relay->associations.tree, association_compare);

	return found != NULL ? *found : NULL;
}

void associations_pass(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
		       const void *data, size_t length)
{
	const struct endpoint none = {0};
	const struct endpoint *fake = relay_is_fake(relay, destination) ? destination : &none;
	struct association *association = find(relay, client, fake);

	if (association == NULL)
		association = begin(relay, client, destination, fake);
	if (association == NULL || association->state == ASSOCIATION_OVER)
		return;
	association->used = clock_now();
	TAILQ_REMOVE(&relay->associations.list, association, entry);
	TAILQ_INSERT_TAIL(&relay->associations.list, association, entry);
	association_pass(association, destination, data, length);
}

void associations_end(struct relay *relay)
{
	while (relay->associations.count > 0)
		association_end(TAILQ_FIRST(&relay->associations.list));
	associations_bury(relay);
}

void associations_bury(struct relay *relay)
{
	struct associations *associations = &relay->associations;

	while (!TAILQ_EMPTY(&associations->over)) {
		struct association *association = TAILQ_FIRST(&associations->over);

		TAILQ_REMOVE(&associations->over, association, entry);
		free(association);
	}
}
