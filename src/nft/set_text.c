/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/set_text.h"

#include "util/cleanup.h"
#include "util/escape.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <stdlib.h>
#include <string.h>

void verdict_print(FILE *out, const struct verdict *verdict)
{
	switch (verdict->kind) {
	case VERDICT_RETURN:
		fputs("return", out);
		break;
	case VERDICT_ACCEPT:
		fputs("accept", out);
		break;
	case VERDICT_DROP:
		fputs("drop", out);
		break;
	case VERDICT_GOTO:
		fprintf(out, "goto %s", verdict->chain);
		break;
	case VERDICT_CONTINUE:
		fputs("continue", out);
		break;
	}
}

/* Writes the separator between elements, or the beginning of the list. */
static void begin_element(FILE *out, bool *begun, const char *between)
{
	fputs(*begun ? between : "\t\telements = { ", out);
	*begun = true;
}

/* Computes the last key of the interval that begins with an element. */
static void find_last(const struct set *set, size_t element, uint8_t last[SET_KEY_MAX])
{
	const size_t size = set_definition(set->type)->key_size;

	memset(last, 0, SET_KEY_MAX); /* an interval without an end reaches to the last key */
	if (element + 1 < set->count)
		memcpy(last, set->elements[element + 1].key, SET_KEY_MAX);
	for (size_t i = size; i > 0 && last[i - 1]-- == 0; i--)
		;
}

static void print_element_verdict(FILE *out, const struct set_element *element)
{
	if (element->verdict == NULL)
		return;
	fputs(" : ", out);
	verdict_print(out, element->verdict);
}

static const char *separator(const struct set *set)
{
	return set_is_map(set->type) ? ",\n\t\t\t     " : ", ";
}

enum { KEY_TEXT_SIZE = INET6_ADDRSTRLEN };

/* An IPv4, IPv6 or MAC address, by its size. */
static void write_address(const uint8_t *key, size_t size, char text[KEY_TEXT_SIZE])
{
	if (size == ETH_ALEN)
		snprintf(text, KEY_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", key[0], key[1], key[2], key[3], key[4],
			 key[5]);
	else
		inet_ntop(size == sizeof(struct in_addr) ? AF_INET : AF_INET6, key, text, KEY_TEXT_SIZE);
}

static void print_addresses(FILE *out, const struct set *set, bool *begun)
{
	const size_t size = set_definition(set->type)->key_size;

	for (size_t i = 0; i < set->count; i++) {
		uint8_t last[SET_KEY_MAX];
		char text[KEY_TEXT_SIZE];

		if (set->elements[i].flags & NFT_SET_ELEM_INTERVAL_END)
			continue;
		begin_element(out, begun, separator(set));
		write_address(set->elements[i].key, size, text);
		fputs(text, out);
		find_last(set, i, last);
		if (memcmp(last, set->elements[i].key, size) != 0) {
			write_address(last, size, text);
			fprintf(out, "-%s", text);
		}
		print_element_verdict(out, &set->elements[i]);
	}
}

static void print_marks(FILE *out, const struct set *set, bool *begun)
{
	for (size_t i = 0; i < set->count; i++) {
		uint32_t mark = 0;

		memcpy(&mark, set->elements[i].key, sizeof(mark));
		begin_element(out, begun, ", ");
		fprintf(out, "0x%08" PRIx32, mark);
		print_element_verdict(out, &set->elements[i]);
	}
}

/* The index of an interface, and an address if there is more. */
static void print_indexes(FILE *out, const struct set *set, bool *begun)
{
	const size_t size = set_definition(set->type)->key_size;

	for (size_t i = 0; i < set->count; i++) {
		const struct set_element *element = &set->elements[i];
		char text[KEY_TEXT_SIZE];
		uint32_t index = 0;

		memcpy(&index, element->key, sizeof(index));
		begin_element(out, begun, separator(set));
		fprintf(out, "%" PRIu32, index);
		if (size > sizeof(index)) {
			write_address(element->key + sizeof(index), size - sizeof(index), text);
			fprintf(out, " . %s", text);
		}
		print_element_verdict(out, element);
	}
}

static bool nft_can_read(const char *path)
{
	const unsigned char *byte = (const unsigned char *)path;

	while (*byte > ' ' && *byte < 0x7f && *byte != '"')
		byte++;
	return *byte == '\0';
}

static void print_comment_element(FILE *out, const char *path, const struct verdict *verdict)
{
	size_t length = strlen(path);
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));

	if (shown == NULL)
		return;
	fprintf(out, "\t\t# %s", escape(shown, ESCAPED_SIZE(length), path, length));
	if (verdict != NULL) {
		fputs(" : ", out);
		verdict_print(out, verdict);
	}
	fputc('\n', out);
}

/* An interval of names is a single one or all that begin with the first; those that nft can't parse come first. */
static void print_interfaces(FILE *out, const struct set *set, bool readable, bool *begun)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct set_element *element = &set->elements[i];
		uint8_t last[SET_KEY_MAX];
		char name[IFNAMSIZ + 1] = "";

		if (element->flags & NFT_SET_ELEM_INTERVAL_END)
			continue;
		find_last(set, i, last);
		memcpy(name, element->key, IFNAMSIZ);
		if (memcmp(last, element->key, IFNAMSIZ) != 0)
			name[strlen(name)] = '*';
		/* before an asterisk, nft takes a backslash for an escape */
		if ((nft_can_read(name) && strchr(name, '\\') == NULL) != readable)
			continue;
		if (!readable) {
			print_comment_element(out, name, element->verdict);
			continue;
		}
		begin_element(out, begun, separator(set));
		fprintf(out, "\"%s\"", name);
		print_element_verdict(out, element);
	}
}

/* Elements that nft can't parse come first, since comments are not allowed within its braces. */
static void print_cgroups(FILE *out, const struct set *set, const struct cgroup_names *names, bool readable,
			  bool *begun)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct cgroup_name *name = &names->items[i];
		const struct set_element *element = set_find(set, &name->id);

		if (element == NULL || (names->root != NULL && nft_can_read(name->path)) != readable)
			continue;
		if (!readable) {
			print_comment_element(out, name->path, element->verdict);
			continue;
		}
		begin_element(out, begun, ",\n\t\t\t     ");
		fprintf(out, "\"%s%s\"", names->root, name->path);
		print_element_verdict(out, element);
	}
}

static void print_flags(FILE *out, enum set_type type)
{
	if (set_is_constant(type))
		fprintf(out, "\t\tflags constant%s\n", set_has_intervals(type) ? ", interval" : "");
	else if (set_has_intervals(type))
		fputs("\t\tflags interval\n\t\tauto-merge\n", out);
}

void set_print(FILE *out, const struct set *set, const struct cgroup_names *names)
{
	const bool is_map = set_is_map(set->type);
	bool begun = false;

	fprintf(out, "\t%s %s {\n\t\ttype %s%s\n", is_map ? "map" : "set", set->name, set_definition(set->type)->text,
		is_map ? " : verdict" : "");
	print_flags(out, set->type);
	if (set->size > 0)
		fprintf(out, "\t\tsize %" PRIu32 "\n", set->size);
	switch (set->type) {
	case SET_IPV4_INTERVALS:
	case SET_IPV6_INTERVALS:
	case SET_IPV4_VERDICTS:
	case SET_IPV6_VERDICTS:
	case SET_MAC_VERDICTS:
		print_addresses(out, set, &begun);
		break;
	case SET_INTERFACE_VERDICTS:
		print_interfaces(out, set, false, &begun);
		print_interfaces(out, set, true, &begun);
		break;
	case SET_MARK_VERDICTS:
		print_marks(out, set, &begun);
		break;
	case SET_CGROUPS:
	case SET_CGROUP_VERDICTS:
		print_cgroups(out, set, names, false, &begun);
		print_cgroups(out, set, names, true, &begun);
		break;
	case SET_IIF_VERDICTS:
	case SET_IIF_IPV4_VERDICTS:
	case SET_IIF_IPV6_VERDICTS:
	case SET_IF_IPV4:
	case SET_IF_IPV6:
		print_indexes(out, set, &begun);
		break;
	case SET_PROTOCOLS:
	case SET_ADDRESS_TYPES:
	case SET_UNKNOWN:
		break;
	}
	fprintf(out, "%s\t}\n", begun ? " }\n" : "");
}
