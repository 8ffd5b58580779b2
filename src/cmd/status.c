/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/status.h"

#include "cmd/cmd.h"
#include "cmd/pager.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <string.h>

/* Like those of systemctl(1), except the first. */
enum {
	EXIT_PROBLEMS = 1,
	EXIT_NOT_RUNNING = 3,
	EXIT_NO_PERMISSION = 4,
};

static double seconds_between(const struct status *before, const struct status *status)
{
	return before != NULL ? (double)(status->moment - before->moment) / 1e6 : 0;
}

/* Counters restart with a new table. */
static double per_second(uint64_t before, uint64_t now, double seconds)
{
	return (double)(now - (now >= before ? before : 0)) / seconds;
}

bool status_rate(const struct status *status, const struct status *before, const struct status_target *target,
		 struct status_rate *rate)
{
	const double seconds = seconds_between(before, status);

	for (size_t i = 0; before != NULL && i < before->target_count && seconds > 0; i++) {
		const struct status_target *old = &before->targets[i];

		if (strcmp(old->name, target->name) != 0 || old->is_proxy != target->is_proxy)
			continue;
		rate->packets = per_second(old->packets, target->packets, seconds);
		rate->bytes = per_second(old->bytes, target->bytes, seconds);
		return target->is_counted && old->is_counted;
	}
	return false;
}

bool status_gateway_rate(const struct status *status, const struct status *before,
			 const struct status_gateway_target *target, struct status_rate *rate)
{
	const double seconds = seconds_between(before, status);

	for (size_t i = 0; before != NULL && i < before->gateway.target_count && seconds > 0; i++) {
		const struct status_gateway_target *old = &before->gateway.targets[i];

		if (strcmp(old->name, target->name) != 0 || old->is_proxy != target->is_proxy)
			continue;
		rate->packets = per_second(old->packets, target->packets, seconds);
		rate->bytes = per_second(old->bytes, target->bytes, seconds);
		return target->is_counted && old->is_counted;
	}
	return false;
}

static int fail(int result, const struct error *error)
{
	log_error("%s", error->text);
	return result == -EPERM ? EXIT_NO_PERMISSION : EXIT_ERROR;
}

int cmd_status(const struct arguments *arguments)
{
	CLEANUP(status_clear) struct status status = {0};
	const struct style style = style_of_output(arguments);
	struct error error;
	int result = 0;

	if (arguments->count > 0) {
		log_error("status takes no arguments. Usage: cgtproxy [-c FILE] status [--json] [--watch] "
			  "[--openmetrics]");
		return EXIT_USAGE;
	}
	if (arguments->openmetrics && (arguments->json || arguments->watch)) {
		log_error("--openmetrics goes with neither --json nor --watch");
		return EXIT_USAGE;
	}
	if (arguments->watch) {
		result = status_watch(arguments, &error);
		return result < 0 ? fail(result, &error) : EXIT_OK;
	}
	result = status_read(arguments->config, NULL, &status, &error);
	if (result < 0)
		return fail(result, &error);
	pager_open(arguments);
	if (arguments->openmetrics)
		status_write_openmetrics(&status, stdout);
	else if (arguments->json == JSON_FORMAT_OFF)
		result = status_write_text(&status, NULL, &style, stdout);
	else
		result = status_write_json(&status, NULL, arguments->json, stdout);
	if (result < 0)
		return fail(error_set(&error, -ENOMEM, "no memory to show the status"), &error);
	if (arguments->openmetrics)
		return EXIT_OK; /* the metrics say the rest */
	if (!status.is_running)
		return EXIT_NOT_RUNNING;
	return status_is_complete(&status) && problems_total(&status.problems) == 0 ? EXIT_OK : EXIT_PROBLEMS;
}
