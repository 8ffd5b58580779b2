/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_FUZZ_FUZZ_H
#define CGTPROXY_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** An invariant for any input. Ends the fuzzer, which then saves the input. Unlike assert(), never compiled out. */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/**
 * Returns the length in bytes of a text's first character, or 0 if it is not valid UTF-8 (RFC 3629). Shares no code
 * with what it checks.
 *
 * @text:      @length bytes
 * @character: set to the character
 */
size_t utf8_character(const uint8_t *text, size_t length, uint32_t *character);

/**
 * Returns whether a text is safe on a terminal: valid UTF-8 without characters that control it, break a line or change
 * the writing direction.
 */
bool is_harmless(const char *text, size_t length);

/** libFuzzer's entry. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
