/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/language.h"

#include "util/beside.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#define DOMAIN "cgtproxy"

void language_open(void)
{
	char beside[PATH_MAX];
	const char *directory = beside_find("po", S_IFDIR, beside, sizeof(beside)) ? beside : CGTPROXY_LOCALE_DIRECTORY;

	setlocale(LC_CTYPE, "");
	/* names of cgroups and files are printed as they are, and UTF-8 among another character set is unreadable */
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
		setlocale(LC_CTYPE, "C");
		return;
	}
	setlocale(LC_MESSAGES, "");
	bindtextdomain(DOMAIN, directory);
	textdomain(DOMAIN);
}

const char *translate(const char *text)
{
	/* the translation of "" is the catalogue's header */
	return *text != '\0' ? gettext(text) : text;
}

void language_use_english(void)
{
	setlocale(LC_MESSAGES, "C");
}
