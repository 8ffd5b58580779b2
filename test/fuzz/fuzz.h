/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_FUZZ_FUZZ_H
#define CGTPROXY_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** What must hold whatever the input is. Ends the fuzzer, which then keeps the input. Unlike assert(), never left out.
 */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/**
 * Returns how many bytes the character at the beginning of a text has, or 0 when it is no valid UTF-8 (RFC 3629). It
 * shares no code with what it is a judge of.
 *
 * @text:      @length bytes
 * @character: set to the character
 */
size_t utf8_character(const uint8_t *text, size_t length, uint32_t *character);

/**
 * Returns whether a text may be written to a terminal: valid UTF-8 without any character that steers one, breaks a line
 * or turns the direction of what follows.
 */
bool is_harmless(const char *text, size_t length);

/** libFuzzer's entry. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
