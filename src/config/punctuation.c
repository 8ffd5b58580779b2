/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/punctuation.h"

#include <stddef.h>

static const struct punctuation lookalikes[] = {
	{0xff1a, ':', "full-width colon"},
	{0xff0c, ',', "full-width comma"},
	{0x3001, ',', "Chinese comma"},
	{0x3000, ' ', "full-width space"},
	{0x00a0, ' ', "no-break space"},
	{0x201c, '"', "typographic quote"},
	{0x201d, '"', "typographic quote"},
	{0xff02, '"', "full-width quote"},
	{0x2018, '\'', "typographic quote"},
	{0x2019, '\'', "typographic quote"},
	{0xff07, '\'', "full-width quote"},
	{0xff0d, '-', "full-width hyphen"},
	{0x2013, '-', "dash"},
	{0x2014, '-', "dash"},
	{0xff03, '#', "full-width number sign"},
	{0xff3b, '[', "full-width bracket"},
	{0xff3d, ']', "full-width bracket"},
	{0x3010, '[', "full-width bracket"},
	{0x3011, ']', "full-width bracket"},
	{0xff5b, '{', "full-width brace"},
	{0xff5d, '}', "full-width brace"},
};

const struct punctuation *punctuation_find(ucs4_t character)
{
	for (size_t i = 0; character >= 0x80 && i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++) {
		if (lookalikes[i].character == character)
			return &lookalikes[i];
	}
	return NULL;
}

char punctuation_meant(ucs4_t character)
{
	const struct punctuation *punctuation = punctuation_find(character);

	if (punctuation == NULL)
		return '\0';
	return punctuation->meant;
}
