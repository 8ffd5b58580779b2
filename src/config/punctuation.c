/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/punctuation.h"

#include "util/language.h"

#include <stddef.h>
#include <stdint.h>
#include <unistr.h>

/* A character that resembles one of YAML's. */
struct punctuation {
	ucs4_t character;
	char meant; /* YAML's; ' ' for any space */
	const char *name;
};

static const struct punctuation lookalikes[] = {
	{0xff1a, ':', N_("full-width colon")},
	{0xff0c, ',', N_("full-width comma")},
	{0x3001, ',', N_("Chinese comma")},
	{0x3000, ' ', N_("full-width space")},
	{0x00a0, ' ', N_("no-break space")},
	{0x201c, '"', N_("typographic quote")},
	{0x201d, '"', N_("typographic quote")},
	{0xff02, '"', N_("full-width quote")},
	{0x2018, '\'', N_("typographic quote")},
	{0x2019, '\'', N_("typographic quote")},
	{0xff07, '\'', N_("full-width quote")},
	{0xff0d, '-', N_("full-width hyphen")},
	{0x2013, '-', N_("dash")},
	{0x2014, '-', N_("dash")},
	{0xff03, '#', N_("full-width number sign")},
	{0xff3b, '[', N_("full-width bracket")},
	{0xff3d, ']', N_("full-width bracket")},
	{0x3010, '[', N_("full-width bracket")},
	{0x3011, ']', N_("full-width bracket")},
	{0xff5b, '{', N_("full-width brace")},
	{0xff5d, '}', N_("full-width brace")},
};

/* Returns what is known of a character, or NULL if it resembles nothing. */
static const struct punctuation *find(ucs4_t character)
{
	for (size_t i = 0; character >= 0x80 && i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++) {
		if (lookalikes[i].character == character)
			return &lookalikes[i];
	}
	return NULL;
}

char punctuation_meant(ucs4_t character)
{
	const struct punctuation *punctuation = find(character);

	if (punctuation == NULL)
		return '\0';
	return punctuation->meant;
}

void punctuation_report(ucs4_t character, struct position position, struct diagnostics *diagnostics)
{
	const struct punctuation *lookalike = find(character);
	const unsigned code = character;
	const char quoted[] = {'"', lookalike->meant, '"', '\0'};
	const char *meant = lookalike->meant == '"'    ? _("double quote (\")")
			    : lookalike->meant == '\'' ? _("single quote (')")
						       : quoted;
	char text[8] = "";

	u8_uctomb((uint8_t *)text, character, sizeof(text) - 1);
	if (lookalike->meant == ' ')
		diagnose(diagnostics, SEVERITY_ERROR, position, "there is a %s (U+%04X) where YAML needs a plain space",
			 _(lookalike->name), code);
	else if (lookalike->meant == ':')
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "there is a %s (%s, U+%04X) where YAML needs a plain \":\" and a space after it",
			 _(lookalike->name), text, code);
	else
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "there is a %s (%s, U+%04X) where YAML needs a plain %s", _(lookalike->name), text, code,
			 meant);
}
