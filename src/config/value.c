/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/value.h"

#include "util/language.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SCALAR_SIZE = 80 };

/* Reads a scalar as a C string; returns false if it is not a scalar, is too long, or has a NUL byte. */
static bool read_scalar(struct fy_node *node, char *out)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	if (text == NULL || length >= SCALAR_SIZE || memchr(text, '\0', length) != NULL)
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

static int base_of(const char **digits)
{
	static const struct {
		const char *prefix;
		int base;
	} bases[] = {{"0x", 16}, {"0X", 16}, {"0o", 8}, {"0O", 8}, {"0b", 2}, {"0B", 2}};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (strncmp(*digits, bases[i].prefix, 2) == 0) {
			*digits += 2;
			return bases[i].base;
		}
	}
	/* YAML 1.1's octal numbers, which yaml.v3 reads too */
	return **digits == '0' && (*digits)[1] != '\0' ? 8 : 10;
}

static bool parse_number(const char *text, uint32_t *out)
{
	char digits[SCALAR_SIZE] = {0};
	size_t count = 0;
	const char *begin = digits;
	char *end = NULL;
	int base = 0;
	unsigned long long number = 0;

	if (*text == '_')
		return false;
	for (const char *at = text; *at != '\0' && count < sizeof(digits) - 1; at++) {
		if (*at != '_')
			digits[count++] = *at;
	}
	digits[count] = '\0';
	base = base_of(&begin);
	/* strtoull() would accept a sign, a space or another prefix */
	if (*begin == '\0' || begin[strspn(begin, "0123456789abcdefABCDEF")] != '\0')
		return false;
	errno = 0;
	number = strtoull(begin, &end, base);
	if (errno != 0 || *end != '\0' || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Whether a text has digits as an input method for Chinese types them: U+FF10 to U+FF19. */
static bool has_full_width_digits(const char *text)
{
	for (; (text = strstr(text, "\xef\xbc")) != NULL; text++) {
		if ((uint8_t)text[2] >= 0x90 && (uint8_t)text[2] <= 0x99)
			return true;
	}
	return false;
}

/* @is_quoted: it would be right without its quotes */
static bool refuse(struct fy_node *node, const struct key *key, const char *what, bool is_quoted,
		   struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];
	char text[SCALAR_SIZE];

	if (is_quoted)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: expected %s, got %s; write it without quotes", key_label(key), what,
			 yaml_show(node, shown));
	else if (read_scalar(node, text) && has_full_width_digits(text))
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: expected %s, got %s; write it with ASCII digits, not full-width ones", key_label(key),
			 what, yaml_show(node, shown));
	else
		yaml_expected(node, key_label(key), what, diagnostics);
	return false;
}

static bool read_number(struct fy_node *node, const struct key *key, uint32_t least, uint32_t most, uint32_t *out,
			struct diagnostics *diagnostics)
{
	char text[SCALAR_SIZE];
	char what[128];
	uint32_t number = 0;
	const bool is_number =
		read_scalar(node, text) && parse_number(text, &number) && number >= least && number <= most;

	if (is_number && yaml_is_plain(node)) {
		*out = number;
		return true;
	}
	snprintf(what, sizeof(what), _("a number from %" PRIu32 " to %" PRIu32), least, most);
	return refuse(node, key, what, is_number, diagnostics);
}

bool value_number(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	return read_number(node, key, key->least, key->most, out, diagnostics);
}

bool value_port(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	uint32_t number = 0;

	if (!read_number(node, key, 1, UINT16_MAX, &number, diagnostics))
		return false;
	*(uint16_t *)out = (uint16_t)number;
	return true;
}

/* "a, b or c" */
static void list_words(const struct key_word *words, char *out, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; words[i].word != NULL && length < size; i++) {
		const char *separator = i == 0 ? "" : words[i + 1].word != NULL ? _(", ") : _(" or ");

		length += (size_t)snprintf(out + length, size - length, "%s%s", separator, words[i].word);
	}
}

bool value_word(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	char what[SCALAR_SIZE] = "";

	for (const struct key_word *word = key->words; word->word != NULL; word++) {
		if (yaml_text_is(node, word->word)) {
			*(unsigned *)out = word->meaning; /* the type of enums without negative members */
			return true;
		}
	}
	list_words(key->words, what, sizeof(what));
	return yaml_expected(node, key_label(key), what, diagnostics);
}

bool value_bool(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"};
	static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"};
	char text[SCALAR_SIZE] = "";
	bool is_word = false;
	bool is_yes = false;

	_Static_assert(sizeof(yes) == sizeof(no), "each word has its opposite");
	for (size_t i = 0; read_scalar(node, text) && i < sizeof(yes) / sizeof(yes[0]) && !is_word; i++) {
		is_yes = strcmp(text, yes[i]) == 0;
		is_word = is_yes || strcmp(text, no[i]) == 0;
	}
	if (!is_word || !yaml_is_plain(node))
		return refuse(node, key, _("true or false"), is_word, diagnostics);
	*(bool *)out = is_yes;
	return true;
}

bool value_mark(struct fy_node *node, const struct key *key, struct fwmark *mark, struct diagnostics *diagnostics)
{
	char text[SCALAR_SIZE];
	char *slash = NULL;
	uint32_t value = 0;
	uint32_t bits = UINT32_MAX;
	bool is_number = false;

	if (!read_scalar(node, text))
		return yaml_expected(node, key_label(key), _("a fwmark, VALUE or VALUE/MASK"), diagnostics);
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash++ = '\0';
	is_number = parse_number(text, &value) && (slash == NULL || parse_number(slash, &bits));
	if (!is_number || (slash == NULL && !yaml_is_plain(node)))
		return refuse(node, key, _("a fwmark, VALUE or VALUE/MASK, of numbers up to 4294967295"), is_number,
			      diagnostics);
	if (value == 0)
		return yaml_expected(node, key_label(key), _("a fwmark other than 0, which every unmarked packet has"),
				     diagnostics);
	if ((value & ~bits) != 0)
		return yaml_expected(node, key_label(key), _("a fwmark without bits outside of its mask"), diagnostics);
	*mark = (struct fwmark){value, bits};
	return true;
}

bool value_ip4(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	char text[SCALAR_SIZE];

	return (read_scalar(node, text) && inet_pton(AF_INET, text, out) == 1) ||
	       yaml_expected(node, key_label(key), _("an IPv4 address"), diagnostics);
}

bool value_ip6(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	char text[SCALAR_SIZE];

	return (read_scalar(node, text) && inet_pton(AF_INET6, text, out) == 1) ||
	       yaml_expected(node, key_label(key), _("an IPv6 address"), diagnostics);
}

static void clear_host_bits(uint8_t *address, size_t size, unsigned prefix)
{
	for (size_t i = 0; i < size; i++) {
		unsigned kept = prefix > i * 8 ? prefix - (unsigned)i * 8 : 0;

		if (kept < 8)
			address[i] &= (uint8_t)(0xff00U >> kept);
	}
}

static bool parse_network(char *text, struct network *out)
{
	struct network network = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};
	size_t size = network.family == AF_INET6 ? sizeof(network.ip6) : sizeof(network.ip);
	char *slash = strchr(text, '/');
	char *end = NULL;

	network.prefix = (unsigned)size * 8;
	if (slash != NULL) {
		unsigned long prefix = 0;

		*slash++ = '\0';
		prefix = strtoul(slash, &end, 10);
		if (*slash < '0' || *slash > '9' || *end != '\0' || prefix > network.prefix)
			return false;
		network.prefix = (unsigned)prefix;
	}
	if (inet_pton(network.family, text, &network.ip6) != 1)
		return false;
	clear_host_bits((uint8_t *)&network.ip6, size, network.prefix);
	*out = network;
	return true;
}

bool value_is_network(struct fy_node *node, struct network *out)
{
	char text[SCALAR_SIZE];

	return read_scalar(node, text) && parse_network(text, out);
}

bool value_network(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	return value_is_network(node, out) ||
	       yaml_expected(node, key_label(key), _("an IPv4 or IPv6 address or CIDR, like 192.168.0.0/16 or ::1"),
			     diagnostics);
}

bool value_string(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);
	char *copy = NULL;

	if (text == NULL || length == 0 || yaml_is_null(node) || memchr(text, '\0', length) != NULL)
		return yaml_expected(node, key_label(key), _("a non-empty string"), diagnostics);
	copy = strndup(text, length);
	if (copy == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read %s", key_label(key));
		return false;
	}
	free(*(char **)out);
	*(char **)out = copy;
	return true;
}
