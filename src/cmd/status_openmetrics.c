/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/status.h"
#include "util/escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * The OpenMetrics text format, version 1.0. node_exporter's textfile collector reads Prometheus' older format, which
 * differs in comments that it skips, in counters that it takes for metrics without a type, and in types that it
 * refuses; so only gauges and counters are used.
 */

static void write_head(FILE *out, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(out, "# TYPE cgtproxy_%s %s\n", name, type);
	if (unit != NULL)
		fprintf(out, "# UNIT cgtproxy_%s %s\n", name, unit);
	fprintf(out, "# HELP cgtproxy_%s %s\n", name, help);
}

/* A label's value: what is no printable UTF-8 becomes \xNN, so that of the format's own escapes two are left. */
static void write_label(FILE *out, const char *name, const char *value)
{
	size_t length = strlen(value);
	char *escaped = malloc(ESCAPED_SIZE(length));

	fprintf(out, "%s=\"", name);
	if (escaped != NULL) {
		escape_but_backslash(escaped, ESCAPED_SIZE(length), value, length);
		for (const char *at = escaped; *at != '\0'; at++) {
			if (*at == '"' || *at == '\\')
				fputc('\\', out);
			fputc(*at, out);
		}
	}
	fputc('"', out);
	free(escaped);
}

static void write_value(FILE *out, const char *name, const char *label, const char *labelled, uint64_t value)
{
	fprintf(out, "cgtproxy_%s{", name);
	write_label(out, label, labelled);
	fprintf(out, "} %" PRIu64 "\n", value);
}

static void write_gauge(FILE *out, const char *name, const char *unit, const char *help, int64_t value)
{
	write_head(out, name, "gauge", unit, help);
	fprintf(out, "cgtproxy_%s %" PRId64 "\n", name, value);
}

static void write_daemon(FILE *out, const struct status *status)
{
	write_head(out, "build_info", "gauge", NULL, "The version of the program that wrote this.");
	write_value(out, "build_info", "version", CGTPROXY_VERSION, 1);
	write_gauge(out, "up", NULL, "Whether the daemon runs.", status->is_running);
	write_gauge(out, "complete", NULL, "Whether it runs and nothing of what it puts in force is missing.",
		    status->is_running && status_is_complete(status));
	if (status->is_running && status->since != 0)
		write_gauge(out, "start_time_seconds", "seconds", "When the daemon started, in Unix time.",
			    status->since);
	if (status->stamp.loaded != 0)
		write_gauge(out, "config_load_time_seconds", "seconds",
			    "When the config in force was loaded, in Unix time.", status->stamp.loaded);
	if (status->config == STATUS_CONFIG_CURRENT || status->config == STATUS_CONFIG_CHANGED)
		write_gauge(out, "config_current", NULL, "Whether the config's file is unchanged since it was loaded.",
			    status->config == STATUS_CONFIG_CURRENT);
	if (*status->stamp.file != '\0') {
		write_head(out, "config_info", "gauge", NULL, "The file that the config in force was loaded from.");
		write_value(out, "config_info", "file", status->stamp.file, 1);
	}
}

typedef bool (*target_reader)(const struct status_target *target, uint64_t *value);

static bool read_packets(const struct status_target *target, uint64_t *value)
{
	*value = target->packets;
	return target->is_counted;
}

static bool read_bytes(const struct status_target *target, uint64_t *value)
{
	*value = target->bytes;
	return target->is_counted;
}

static bool read_cgroups(const struct status_target *target, uint64_t *value)
{
	*value = target->cgroups;
	return true;
}

static bool read_sockets(const struct status_target *target, uint64_t *value)
{
	*value = target->sockets;
	return true;
}

static bool read_listening(const struct status_target *target, uint64_t *value)
{
	*value = target->is_listened_to;
	return target->is_proxy && target->port != 0;
}

static bool read_connections(const struct status_target *target, uint64_t *value)
{
	*value = target->relay.connections;
	return target->relay.exists && target->relay.is_counted;
}

/* What is known of each target. The names of counters get the suffix that the format asks for. */
static const struct target_metric {
	const char *name;
	const char *type;
	const char *unit;
	const char *help;
	target_reader read;
} target_metrics[] = {
	{"target_packets", "counter", "packets",
	 "Packets that programs sent to a target, since its table was made. Direct packets are not counted.",
	 read_packets},
	{"target_bytes", "counter", "bytes", "Bytes of these packets, headers included.", read_bytes},
	{"target_cgroups", "gauge", NULL, "Cgroups whose traffic goes to a target.", read_cgroups},
	{"target_sockets", "gauge", NULL, "Open sockets of these cgroups.", read_sockets},
	{"target_listening", "gauge", NULL, "Whether a program listens on the port of a proxy.", read_listening},
	{"target_relay_connections", "gauge", NULL, "Open connections that the relay of a proxy has taken.",
	 read_connections},
};

static void write_targets(FILE *out, const struct target_metric *metric, const struct status *status)
{
	bool is_counter = strcmp(metric->type, "counter") == 0;
	char name[64];

	snprintf(name, sizeof(name), "%s%s", metric->name, is_counter ? "_total" : "");
	write_head(out, metric->name, metric->type, metric->unit, metric->help);
	for (size_t i = 0; i < status->target_count; i++) {
		uint64_t value = 0;

		if (metric->read(&status->targets[i], &value))
			write_value(out, name, "target", status->targets[i].name, value);
	}
}

static void write_fence(FILE *out, const struct status *status)
{
	if (!status->fence.is_counted)
		return;
	write_head(out, "fence_packets", "counter", "packets",
		   "Packets that were about to leave past their proxy, and were dropped.");
	fprintf(out, "cgtproxy_fence_packets_total %" PRIu64 "\n", status->fence.packets);
	write_head(out, "fence_bytes", "counter", "bytes", "Bytes of these packets.");
	fprintf(out, "cgtproxy_fence_bytes_total %" PRIu64 "\n", status->fence.bytes);
}

static void write_gateway(FILE *out, const struct status *status)
{
	const struct status_gateway *gateway = &status->gateway;

	if (!gateway->exists)
		return;
	write_head(out, "gateway_packets", "counter", "packets",
		   "Packets that other hosts sent to a target of the gateway, since its table was made.");
	for (size_t i = 0; i < gateway->target_count; i++) {
		if (gateway->targets[i].is_counted)
			write_value(out, "gateway_packets_total", "target", gateway->targets[i].name,
				    gateway->targets[i].packets);
	}
	write_head(out, "gateway_bytes", "counter", "bytes", "Bytes of these packets, headers included.");
	for (size_t i = 0; i < gateway->target_count; i++) {
		if (gateway->targets[i].is_counted)
			write_value(out, "gateway_bytes_total", "target", gateway->targets[i].name,
				    gateway->targets[i].bytes);
	}
}

static bool is_first_of_its_target(const struct container_list *list, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(list->items[i].target, list->items[index].target) == 0)
			return false;
	}
	return true;
}

static void write_containers(FILE *out, const struct status *status)
{
	const struct container_list *list = &status->containers;

	if (!status->covers_containers)
		return;
	write_head(out, "containers", "gauge", NULL,
		   "Containers with a network of their own, by target; \"\": no rule is for them.");
	for (size_t i = 0; i < list->count; i++) {
		uint64_t count = 0;

		if (!is_first_of_its_target(list, i))
			continue;
		for (size_t j = i; j < list->count; j++)
			count += strcmp(list->items[j].target, list->items[i].target) == 0;
		write_value(out, "containers", "target", list->items[i].target, count);
	}
}

static bool is_first_of_its_kind(const struct problems *problems, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (problems->items[i].kind == problems->items[index].kind)
			return false;
	}
	return true;
}

static void write_problems(FILE *out, const struct problems *problems)
{
	write_gauge(out, "problems", NULL, "Problems that \"cgtproxy status\" shows.",
		    (int64_t)(problems->count + problems->left_out));
	write_head(out, "problems_by_kind", "gauge", NULL, "The first 32 of these problems, by kind.");
	for (size_t i = 0; i < problems->count; i++) {
		uint64_t count = 0;

		if (!is_first_of_its_kind(problems, i))
			continue;
		for (size_t j = i; j < problems->count; j++)
			count += problems->items[j].kind == problems->items[i].kind;
		write_value(out, "problems_by_kind", "kind", problem_kind_name(problems->items[i].kind), count);
	}
}

void status_write_openmetrics(const struct status *status, FILE *out)
{
	write_daemon(out, status);
	for (size_t i = 0; i < sizeof(target_metrics) / sizeof(target_metrics[0]); i++)
		write_targets(out, &target_metrics[i], status);
	write_gateway(out, status);
	write_containers(out, status);
	write_fence(out, status);
	write_problems(out, &status->problems);
	fputs("# EOF\n", out);
}
