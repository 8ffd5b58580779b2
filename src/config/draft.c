/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/draft.h"

#include "util/language.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE = sizeof("4294967295") };

/* As tools/embed-default-config writes them. */
extern const char draft_english[];
extern const char draft_simplified_chinese[];

const struct draft_template draft_templates[] = {
	{"init.yaml.in", draft_english},
	{"init.zh_CN.yaml.in", draft_simplified_chinese},
	{0},
};

/* Where queries go if the line is enabled later: mihomo's usual port. */
#define USUAL_NAME_SERVER "127.0.0.1"
enum { USUAL_DNS_PORT = 1053 };

/* Where a proxy is if the line is enabled later. */
#define USUAL_UPSTREAM "socks5://127.0.0.1:1080"

struct blank {
	const char *key;
	const char *value;
};

static const struct blank *find_blank(const struct blank *blanks, const char *key, size_t length)
{
	for (; blanks->key != NULL; blanks++) {
		if (strlen(blanks->key) == length && memcmp(blanks->key, key, length) == 0)
			return blanks;
	}
	return NULL;
}

/* The catalogue of a language that has a template translates the name of the English one to that one's. */
static const char *template_text(void)
{
	const char *file = _("init.yaml.in");

	for (const struct draft_template *at = draft_templates; at->file != NULL; at++) {
		if (strcmp(at->file, file) == 0)
			return at->text;
	}
	return draft_english;
}

/* An "@" that begins no key stays. */
static void fill(const char *template, const struct blank *blanks, FILE *out)
{
	for (const char *at = template; *at != '\0'; at++) {
		size_t length = *at == '@' ? strcspn(at + 1, "@") : 0;
		const struct blank *blank = length > 0 ? find_blank(blanks, at + 1, length) : NULL;

		if (blank != NULL) {
			fputs(blank->value, out);
			at += length + 1;
		} else {
			fputc(*at, out);
		}
	}
}

static const char *write_number(char text[NUMBER_SIZE], uint32_t number)
{
	snprintf(text, NUMBER_SIZE, "%" PRIu32, number);
	return text;
}

char *draft_write(const struct draft *draft)
{
	char mark[NUMBER_SIZE];
	char port[NUMBER_SIZE];
	char table[NUMBER_SIZE];
	char dns_port[NUMBER_SIZE];
	char dns_ip[INET_ADDRSTRLEN] = USUAL_NAME_SERVER;
	bool hijack = draft->name_server.sin_port != 0;
	const struct blank blanks[] = {
		{"PROXY", draft->proxy},
		{"NAME", draft->name},
		{"SELECTOR", draft->selector},
		{"MARK", write_number(mark, draft->mark)},
		{"TABLE", write_number(table, draft->route_table)},
		{"PORT", write_number(port, draft->port)},
		{"UDP", draft->takes_udp ? "#" : ""},
		{"IPV6", draft->takes_ipv6 ? "#" : ""},
		{"RELAY", draft->upstream != NULL ? "" : "#"},
		{"UPSTREAM", draft->upstream != NULL ? draft->upstream : USUAL_UPSTREAM},
		/* not as a line to be enabled: it would contradict dns-hijack */
		{"RELAY_DNS", draft->upstream != NULL ? "\n      dns: fake-ip" : ""},
		{"DNS", hijack ? "" : "#"},
		{"DNS_IP", dns_ip},
		{"DNS_PORT", write_number(dns_port, hijack ? ntohs(draft->name_server.sin_port) : USUAL_DNS_PORT)},
		{0},
	};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (hijack)
		inet_ntop(AF_INET, &draft->name_server.sin_addr, dns_ip, sizeof(dns_ip));
	fill(template_text(), blanks, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
