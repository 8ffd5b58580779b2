/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_LANGUAGE_H
#define CGTPROXY_UTIL_LANGUAGE_H

#include <libintl.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The texts of the program are English; gettext(3) translates what people read. Functions that take a printf format
 * for people (error_set(), log_error(), diagnose(), ...) translate it themselves and are listed in po/KEYWORDS; every
 * other text is marked with _() where it is used, or with N_() in a table and with _() where the table is read.
 *
 * A marked text is one literal, without macros in it other than those of inttypes.h: xgettext(1) doesn't expand them.
 */

/** Returns a text in the user's language, or the text itself. */
const char *translate(const char *text) __attribute__((format_arg(1)));

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the customary name, which xgettext takes */
#define _(text) translate(text)

/** Marks a text that is translated later. */
#define N_(text) text

/**
 * Sets the language from the environment (LANGUAGE, LC_ALL, LC_MESSAGES, LANG), if its character set is UTF-8, and
 * the classification of characters along with it. Numbers and times stay as in the C locale. Call it before the first
 * message.
 */
void language_open(void);

/** Goes back to English, for output that programs read. */
void language_use_english(void);

#ifdef __cplusplus
}
#endif

#endif
