/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The minimal cost: one process creates a cgroup, reads the event, reads the id and adds one element. The message is
 * prepared in advance and only gets the id. Nothing is decided, stored or passed on.
 */

#include "cgroups.h"
#include "driver.h"
#include "nft/batch.h"
#include "nft/elements.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "nft/table.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FLOOR_TABLE "cgtproxy-floor"

enum { PAUSE = 1000 };

static const struct verdict verdict = {.kind = VERDICT_RETURN};

/* A table with the cgroup map, which ends with the process. */
static void make_table(struct nft *nft, const struct ruleset *ruleset)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	struct error error;

	if (nft_open(nft, &error) < 0)
		give_up("%s", error.text);
	batch_begin(&batch);
	table_put_new(&batch, ruleset->table, TABLE_OWNER, 0);
	table_put_contents(&batch, ruleset);
	batch_end(&batch);
	if (nft_send(nft, &batch, &error) < 0)
		give_up("%s", error.text);
}

/* The transaction that adds an element. Returns where in it the id stands. */
static char *prepare(struct batch *batch, const struct ruleset *ruleset)
{
	static const uint64_t mark = UINT64_C(0x5ca1ab1e0ddba11);
	const struct set *map = &ruleset->sets[0];
	struct set_element element = {.verdict = &verdict};
	struct nlmsghdr *first = NULL;

	batch_begin(batch);
	first = (struct nlmsghdr *)(batch->buffer + batch->length);
	memcpy(element.key, &mark, sizeof(mark));
	elements_put(batch, ruleset->table, map, &element, 1);
	first->nlmsg_flags |= NLM_F_ACK;
	batch_end(batch);
	return memmem(batch->buffer, batch->length, &mark, sizeof(mark));
}

static void commit(struct nft *nft, const struct batch *batch)
{
	char reply[4096] __attribute__((aligned(8)));
	const struct nlmsgerr *error = (const struct nlmsgerr *)(reply + sizeof(struct nlmsghdr));

	if (netlink_send(&nft->netlink, batch->buffer, batch->length) < 0)
		give_up("can't send an element");
	if (netlink_receive(&nft->netlink, reply, sizeof(reply), 0) < 0)
		give_up("can't read the acknowledgement of an element");
	errno = -error->error;
	if (errno != 0)
		give_up("the kernel refuses an element");
}

static void read_events(int inotify)
{
	char events[4096];

	if (read(inotify, events, sizeof(events)) <= 0)
		give_up("can't read an event");
}

int cmd_floor(int count, char **arguments)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = ruleset_new();
	CLEANUP(batch_clear) struct batch batch = {0};
	CLEANUP(nft_close) struct nft nft = {0};
	CLEANUP(closep) int inotify = inotify_init1(IN_CLOEXEC);
	const uint64_t rounds = number(arguments[1]);
	struct nest nest;
	char *key = NULL;

	(void)count;
	if (ruleset == NULL || ruleset_add_set(ruleset, "floor", SET_CGROUP_VERDICTS) == NULL ||
	    ruleset_add_chain(ruleset, "output", HOOK_ROUTE_OUTPUT) == NULL ||
	    chain_add(ruleset_find_chain(ruleset, "output"),
		      {.kind = STATEMENT_CGROUP_VMAP, .cgroup_set = {.level = 1, .name = "floor"}}, RETURN) < 0)
		give_up("no memory for a ruleset");
	ruleset->table = FLOOR_TABLE;
	nest_open(&nest, arguments[0], "floor");
	if (inotify < 0 || inotify_add_watch(inotify, arguments[0], IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0)
		give_up("can't watch %s", arguments[0]);
	make_table(&nft, ruleset);
	key = prepare(&batch, ruleset);
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t begin = 0;
		uint64_t id = 0;

		nest_name(&nest, i);
		begin = clock_ns(CLOCK_MONOTONIC);
		nest_make(&nest);
		read_events(inotify);
		id = nest_id(&nest);
		memcpy(key, &id, sizeof(id));
		commit(&nft, &batch);
		printf("%" PRIu64 "\n", clock_ns(CLOCK_MONOTONIC) - begin);
		nest_remove(&nest);
		read_events(inotify);
		rest(PAUSE);
	}
	return 0;
}
