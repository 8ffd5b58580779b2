/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/failures.h"

#include "util/clock.h"
#include "util/language.h"
#include "util/log.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t silence = 60 * USEC_PER_SEC;

/* Returns the cause's place, or that of another cause which it takes. */
static struct failure *find(struct failures *failures, enum failure_cause cause, uint32_t detail)
{
	struct failure *oldest = &failures->items[0];

	for (size_t i = 0; i < FAILURES_MAX; i++) {
		struct failure *item = &failures->items[i];

		if (item->logged != 0 && item->cause == cause && item->detail == detail)
			return item;
		if (item->logged < oldest->logged)
			oldest = item;
	}
	*oldest = (struct failure){.cause = cause, .detail = detail};
	return oldest;
}

static void log_one(int priority, const struct destination *destination, const char *text, uint32_t suppressed)
{
	char where[DESTINATION_SIZE] = "";
	char more[128] = "";

	if (destination != NULL)
		destination_write(destination, where);
	if (suppressed > 0)
		snprintf(more, sizeof(more),
			 ngettext(" (%" PRIu32 " more like this one since the last that was logged)",
				  " (%" PRIu32 " more like this one since the last that was logged)", suppressed),
			 suppressed);
	log_about(priority, NULL, "%s%s%s%s", where, destination != NULL ? ": " : "", text, more);
}

void failures_log(struct failures *failures, enum failure_cause cause, uint32_t detail, uint64_t now,
		  const struct destination *destination, const char *text)
{
	struct failure *failure = find(failures, cause, detail);

	if (failure->logged != 0 && now < failure->logged + silence) {
		failure->suppressed++;
		log_one(LOG_DEBUG, destination, text, 0);
		return;
	}
	log_one(LOG_WARNING, destination, text, failure->suppressed);
	failure->logged = now;
	failure->suppressed = 0;
}
