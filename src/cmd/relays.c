/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/relays.h"

#include "cmd/finding.h"
#include "inspect/cures.h"
#include "inspect/proxy_loop.h"
#include "inspect/upstream_cgroup.h"
#include "inspect/upstream_probe.h"
#include "proxy/socks5.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An upstream that was tried. */
struct tried {
	const struct config *config;
	const struct proxy *proxy;
	const struct upstream_probe *probe;
	struct upstream_cgroup listener;
	char upstream[UPSTREAM_NAME_SIZE]; /* its name, without user and password */
	char *place;			   /* in the config */
};

static const char *protocol_of(enum upstream_kind kind)
{
	return kind == UPSTREAM_HTTP ? "HTTP" : "SOCKS5";
}

static const char *scheme_of(enum upstream_kind kind)
{
	return kind == UPSTREAM_HTTP ? "http" : "socks5";
}

static enum upstream_kind other_kind(const struct tried *tried)
{
	return tried->proxy->relay.upstream.kind == UPSTREAM_HTTP ? UPSTREAM_SOCKS5 : UPSTREAM_HTTP;
}

static void report_unreached(const struct tried *tried)
{
	const char *name = tried->proxy->name;
	const int code = tried->probe->talk.code;

	if (code == ECONNREFUSED || code == ENOENT)
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: nothing listens at %s, so all its connections fail: start the proxy there, or correct "
			"\"upstream\" (%s)",
			name, tried->upstream, tried->place);
	else if (code == ETIMEDOUT)
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: %s can't be reached in %d seconds, so connections wait or fail: see whether the host "
			"is up, and whether a firewall drops what is sent there, or correct \"upstream\" (%s)",
			name, tried->upstream, UPSTREAM_PROBE_SECONDS, tried->place);
	else if (code == EACCES || code == EPERM)
		finding_print(FINDING_SKIPPED, N_("relay"), "%s: no permission to connect to %s; run it as root", name,
			      tried->upstream);
	else
		finding_print(FINDING_ERROR, N_("relay"),
			      "%s: can't connect to %s: %s. Correct \"upstream\" (%s), or the route there", name,
			      tried->upstream, strerror(code), tried->place);
}

/* The name service had all the time that there was. */
static void report_unknown(const struct tried *tried)
{
	const struct upstream *upstream = &tried->proxy->relay.upstream;

	if (upstream_is_named(upstream))
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: looking up the name %s takes more than %d seconds: see whether the name service works, "
			"or write the host's address as the upstream (%s)",
			tried->proxy->name, upstream->host, UPSTREAM_PROBE_SECONDS, tried->place);
	else
		finding_print(FINDING_SKIPPED, N_("relay"), "%s: can't try %s", tried->proxy->name, tried->upstream);
}

/* Something listens there, and is not what it should be. */
static void report_stranger(const struct tried *tried)
{
	const struct upstream *upstream = &tried->proxy->relay.upstream;
	const char *name = tried->proxy->name;
	const char *protocol = protocol_of(upstream->kind);

	if (tried->listener.is_transparent)
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: the port of %s is one for TPROXY, and does not speak %s: name the port that the proxy "
			"has for SOCKS5 or HTTP as the upstream (%s)",
			name, tried->upstream, protocol, tried->place);
	else if (tried->probe->speaks_other)
		finding_print(FINDING_ERROR, N_("relay"),
			      "%s: %s does not speak %s, but %s: begin the upstream with \"%s\" instead of \"%s\" (%s)",
			      name, tried->upstream, protocol, protocol_of(other_kind(tried)),
			      scheme_of(other_kind(tried)), scheme_of(upstream->kind), tried->place);
	else if (tried->probe->talk.answer == UPSTREAM_SILENT)
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: %s takes connections, but does not answer. It may not speak %s, or not work: name the "
			"port that the proxy has for it as the upstream (%s), or restart the proxy",
			name, tried->upstream, protocol, tried->place);
	else
		finding_print(FINDING_ERROR, N_("relay"),
			      "%s: %s does not speak %s: name the port that the proxy has for it as the upstream (%s)",
			      name, tried->upstream, protocol, tried->place);
}

static void report_password(const struct tried *tried)
{
	const char *name = tried->proxy->name;

	if (tried->probe->talk.answer == UPSTREAM_NO_METHOD)
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: %s accepts neither a user and a password nor a client without: have that proxy accept "
			"one of the two",
			name, tried->upstream);
	else if (tried->probe->talk.answer == UPSTREAM_WRONG_PASSWORD)
		finding_print(FINDING_ERROR, N_("relay"),
			      "%s: %s refuses the user or the password: correct them in \"upstream\" (%s)", name,
			      tried->upstream, tried->place);
	else if (tried->probe->lacks_password)
		finding_print(FINDING_OK, N_("relay"),
			      "%s: %s answers, %s with a password, which the config does not have, so that no more was "
			      "tried",
			      name, tried->upstream, protocol_of(tried->proxy->relay.upstream.kind));
	else
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: %s wants a user and a password: write USER:PASSWORD@ before the host in \"upstream\" "
			"(%s)",
			name, tried->upstream, tried->place);
}

/* Why there is no UDP. */
static void write_udp(const struct upstream_talk *talk, char *text, size_t size)
{
	if (talk->udp == UPSTREAM_UDP_YES)
		snprintf(text, size, "%s", _("yes"));
	else if (talk->udp == UPSTREAM_UDP_NO)
		snprintf(text, size, _("no (%s)"), socks5_describe((uint8_t)talk->code));
	else if (talk->udp == UPSTREAM_UDP_ENDED)
		snprintf(text, size, "%s", _("no (it ends the connection)"));
	else
		snprintf(text, size, "%s", _("unknown (no answer)"));
}

static void report_answers(const struct tried *tried)
{
	const struct upstream_talk *talk = &tried->probe->talk;
	const struct proxy *proxy = tried->proxy;
	const bool lacks_udp = talk->udp == UPSTREAM_UDP_NO || talk->udp == UPSTREAM_UDP_ENDED;
	CLEANUP(freep) char *cure = NULL;
	const char *how = NULL;
	char udp[128];

	if (proxy->relay.upstream.kind == UPSTREAM_HTTP) {
		finding_print(FINDING_OK, N_("relay"), "%s: %s answers, HTTP", proxy->name, tried->upstream);
		return;
	}
	how = talk->with_password ? _("with a password") : _("without a password");
	write_udp(talk, udp, sizeof(udp));
	if (lacks_udp && proxy->udp == TRAFFIC_PROXY)
		cure = cure_by_key(tried->config, proxy, "udp", "refuse");
	if (cure == NULL)
		finding_print(FINDING_OK, N_("relay"), "%s: %s answers, SOCKS5 %s; UDP: %s", proxy->name,
			      tried->upstream, how, udp);
	else
		finding_print(FINDING_WARNING, N_("relay"),
			      "%s: %s answers, SOCKS5 %s; UDP: %s. So UDP is lost, and programs wait until they try "
			      "without; have it refused, and QUIC falls back at once: %s",
			      proxy->name, tried->upstream, how, udp, cure);
}

static void report(const struct tried *tried)
{
	const struct upstream_talk *talk = &tried->probe->talk;

	switch (talk->answer) {
	case UPSTREAM_UNKNOWN:
		report_unknown(tried);
		break;
	case UPSTREAM_ANSWERS:
		report_answers(tried);
		break;
	case UPSTREAM_NO_ADDRESS:
		finding_print(FINDING_ERROR, N_("relay"),
			      "%s: %s. Correct the name, or write the host's address as the upstream (%s)",
			      tried->proxy->name, tried->probe->text, tried->place);
		break;
	case UPSTREAM_NOT_REACHED:
		report_unreached(tried);
		break;
	case UPSTREAM_SILENT:
	case UPSTREAM_ENDED:
	case UPSTREAM_GARBAGE:
		report_stranger(tried);
		break;
	case UPSTREAM_NO_METHOD:
	case UPSTREAM_WANTS_PASSWORD:
	case UPSTREAM_WRONG_PASSWORD:
		report_password(tried);
		break;
	case UPSTREAM_NO_PROXY:
		finding_print(
			FINDING_ERROR, N_("relay"),
			"%s: %s is a web server and no proxy (it answers CONNECT with the status %d): name the port "
			"of the proxy as the upstream (%s)",
			tried->proxy->name, tried->upstream, talk->code, tried->place);
		break;
	}
}

static void report_loop(const struct tried *tried, struct plan *plan)
{
	const uint32_t index = (uint32_t)(tried->proxy - tried->config->proxies);
	CLEANUP(problems_clear) struct problems problems = {0};

	if (tried->listener.cgroup == NULL || tried->listener.cgroup->parent == NULL ||
	    upstream_loop_judge(plan, tried->listener.cgroup, index, &problems) < 0)
		return;
	for (size_t i = 0; i < problems.count; i++)
		finding_print(FINDING_ERROR, N_("relay"), "%s%s%s", problems.items[i].text,
			      problems.items[i].cure != NULL ? _(": ") : "",
			      problems.items[i].cure != NULL ? problems.items[i].cure : "");
}

static void check_relay_of(const struct config *config, size_t index, const struct upstream_probe *probe,
			   const struct comparison *comparison)
{
	const struct proxy *proxy = &config->proxies[index];
	CLEANUP(freep) char *place = place_in_file(config, proxy->relay.position.line);
	struct tried tried = {.config = config, .proxy = proxy, .probe = probe, .place = place};

	if (place == NULL)
		return;
	if (proxy->relay.upstream.kind == UPSTREAM_DIRECT) {
		finding_print(FINDING_OK, N_("relay"), "%s: direct://, so there is no proxy to try", proxy->name);
		return;
	}
	upstream_write(&proxy->relay.upstream, tried.upstream);
	if (comparison->plan != NULL)
		(void)upstream_cgroup_find(comparison, probe, &tried.listener);
	report(&tried);
	if (comparison->plan != NULL)
		report_loop(&tried, comparison->plan);
}

static bool has_relay(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].relay.enabled)
			return true;
	}
	return false;
}

void check_relays(const struct config *config)
{
	CLEANUP(freep) struct upstream_probe *probes = calloc(config->proxy_count + 1, sizeof(*probes));
	CLEANUP(comparison_clear) struct comparison comparison = {0};
	struct error error;

	if (!has_relay(config) || probes == NULL)
		return;
	upstreams_probe(config, probes);
	if (comparison_make(&comparison, config, &error) < 0) {
		finding_print(FINDING_SKIPPED, N_("relay"),
			      "whether proxies behind relays are sent their own traffic can't be seen: %s", error.text);
		comparison_clear(&comparison);
	}
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].relay.enabled)
			check_relay_of(config, i, &probes[i], &comparison);
	}
}
