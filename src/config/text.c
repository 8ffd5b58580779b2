/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/text.h"

#include "config/lookalikes.h"

#include <string.h>
#include <unistr.h>

#define TWO_ESCAPED_QUOTES "''''"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool is_break(char byte)
{
	return byte == '\n' || byte == '\r';
}

/* The first "?" followed by a blank, a line break or the end, as before a complex key; else the end. */
static const char *find_complex_key(const char *text, const char *end)
{
	for (; text < end; text++) {
		if (*text == '?' && (text + 1 == end || is_blank(text[1]) || is_break(text[1])))
			return text;
	}
	return end;
}

/* The first tab between a colon and the indicator of a block, else the end. */
static const char *find_tab_before_block(const char *text, const char *end)
{
	for (; text < end; text++) {
		const char *tab = NULL;

		if (*text != ':')
			continue;
		for (text++; text < end && is_blank(*text); text++) {
			if (*text == '\t' && tab == NULL)
				tab = text;
		}
		if (tab != NULL && text < end && strchr("?:|>-", *text) != NULL)
			return tab;
		text--;
	}
	return end;
}

static struct position position_of(const char *text, const char *at)
{
	struct position position = {1, 1};

	for (; text < at; text++) {
		if (*text == '\n')
			position = (struct position){position.line + 1, 1};
		else
			position.column++;
	}
	return position;
}

bool text_check(const char *text, size_t length, struct diagnostics *diagnostics)
{
	const char *end = text + length;
	const char *tab = NULL;
	const char *quotes = NULL;

	if (memchr(text, '\0', length) != NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "invalid YAML: it contains a NUL byte");
		return false;
	}
	/* libfyaml would take such a byte for the end of the file, or loop endlessly */
	if (u8_check((const uint8_t *)text, length) != NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "invalid YAML: it is not valid UTF-8");
		return false;
	}
	if (!lookalikes_check(text, length, diagnostics))
		return false;
	/* two escaped quotes in a row: libfyaml 0.7.12 makes three of them and drops what follows */
	quotes = memmem(text, length, TWO_ESCAPED_QUOTES, strlen(TWO_ESCAPED_QUOTES));
	if (quotes != NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, position_of(text, quotes),
			 "four single quotes in a row would be misread; put the value in double quotes");
		return false;
	}
	/* libfyaml 0.7.12 rejects such a tab, and then does a double free */
	tab = find_tab_before_block(find_complex_key(text, end), end);
	if (tab != end)
		diagnose(diagnostics, SEVERITY_ERROR, position_of(text, tab),
			 "invalid YAML: a tab after a colon, where only spaces are allowed");
	return tab == end;
}
