/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "fuzz.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the sanitizers' names */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_suppressions(void);

/* A memory leak is a failure; stack buffers are poisoned afresh for each call. */
const char *__asan_default_options(void)
{
	return "detect_leaks=1:detect_stack_use_after_return=1";
}

const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:print_stacktrace=1";
}

/*
 * libfyaml 0.7.12 loses some hundred bytes at each scalar that it reads in many pieces, like ''''''''''''. Its stacks
 * end in it, so that a document of ours that is not freed can't be told from that here; "make test-sanitized" sees
 * that.
 */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

size_t utf8_character(const uint8_t *text, size_t length, uint32_t *character)
{
	/* by the number of bytes: the bits that mark the first one, the bits of it that count, the least character */
	static const struct {
		uint8_t mark;
		uint8_t mask;
		uint32_t least;
	} forms[] = {{0x00, 0x7f, 0}, {0xc0, 0x1f, 0x80}, {0xe0, 0x0f, 0x800}, {0xf0, 0x07, 0x10000}};

	for (size_t bytes = 1; bytes <= sizeof(forms) / sizeof(forms[0]) && bytes <= length; bytes++) {
		uint32_t value = text[0] & forms[bytes - 1].mask;
		bool valid = (text[0] & ~forms[bytes - 1].mask) == forms[bytes - 1].mark;

		for (size_t i = 1; i < bytes; i++) {
			valid = valid && (text[i] & 0xc0) == 0x80;
			value = value << 6 | (text[i] & 0x3fU);
		}
		valid = valid && value >= forms[bytes - 1].least && value <= 0x10ffff;
		if (!valid || (value >= 0xd800 && value <= 0xdfff))
			continue;
		*character = value;
		return bytes;
	}
	return 0;
}

static bool is_harmful(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0xad ||
	       (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0x61c || character == 0xfeff ||
	       (character >= 0xe0000 && character <= 0xe007f);
}

bool is_harmless(const char *text, size_t length)
{
	const uint8_t *next = (const uint8_t *)text;
	uint32_t character = 0;

	while (length > 0) {
		size_t bytes = utf8_character(next, length, &character);

		if (bytes == 0 || is_harmful(character))
			return false;
		next += bytes;
		length -= bytes;
	}
	return true;
}
