/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Follows YAML's structure just as far as is needed to tell punctuation from text. Where it loses its way, in YAML that
 * no config needs, it takes what it sees for text, which is never wrong to leave alone.
 */

#include "config/lookalikes.h"

#include "config/punctuation.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

enum { DEPTH_MAX = 64 };

struct scanner {
	const uint8_t *at;
	const uint8_t *end;
	struct position position;
	struct diagnostics *diagnostics;
	bool is_clean;
	int indent;		 /* of the line */
	int depth;		 /* of [] and {} */
	char closing[DEPTH_MAX]; /* of each that is open */
};

/* Returns the character at @at, or '\n' at the end of the text. */
static ucs4_t character_at(const struct scanner *scanner, const uint8_t *at)
{
	ucs4_t character = '\n';

	if (at < scanner->end)
		u8_mbtoucr(&character, at, (size_t)(scanner->end - at));
	return character;
}

static ucs4_t peek(const struct scanner *scanner)
{
	return character_at(scanner, scanner->at);
}

static bool is_blank(ucs4_t character)
{
	return character == ' ' || character == '\t';
}

static bool is_break(ucs4_t character)
{
	return character == '\n' || character == '\r';
}

static void advance(struct scanner *scanner)
{
	ucs4_t character = 0;

	if (scanner->at == scanner->end)
		return;
	scanner->at += u8_mbtoucr(&character, scanner->at, (size_t)(scanner->end - scanner->at));
	scanner->position.column++;
	if (character == '\n')
		scanner->position = (struct position){scanner->position.line + 1, 1};
}

/* Reports the character that comes next, and passes over it. */
static void report(struct scanner *scanner)
{
	punctuation_report(peek(scanner), scanner->position, scanner->diagnostics);
	scanner->is_clean = false;
	advance(scanner);
}

static void skip_line(struct scanner *scanner)
{
	while (!is_break(peek(scanner)))
		advance(scanner);
}

/* Between items of punctuation all kinds of spaces are meant to be blanks. */
static void skip_blanks(struct scanner *scanner)
{
	for (;;) {
		if (is_blank(peek(scanner)))
			advance(scanner);
		else if (punctuation_meant(peek(scanner)) == ' ')
			report(scanner);
		else
			return;
	}
}

static const uint8_t *behind_blanks(const struct scanner *scanner, const uint8_t *at)
{
	while (at < scanner->end) {
		ucs4_t character = 0;
		int length = u8_mbtoucr(&character, at, (size_t)(scanner->end - at));

		if (!is_blank(character) && punctuation_meant(character) != ' ')
			break;
		at += length;
	}
	return at;
}

static bool is_word(ucs4_t character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
	       (character >= '0' && character <= '9') || character == '_' || character == '-' || character == '.';
}

/* Whether a word and a colon of any width come at @at: a key. */
static bool is_key(const struct scanner *scanner, const uint8_t *at)
{
	const uint8_t *begin = behind_blanks(scanner, at);

	for (at = begin; is_word(character_at(scanner, at)); at++)
		;
	return at > begin && (character_at(scanner, at) == ':' || punctuation_meant(character_at(scanner, at)) == ':');
}

/* Lines that are indented more than the one that begins the block. */
static void skip_block_scalar(struct scanner *scanner)
{
	skip_line(scanner);
	while (scanner->at < scanner->end) {
		const uint8_t *begin = scanner->at + 1;
		const uint8_t *at = begin;

		while (character_at(scanner, at) == ' ' && at < scanner->end)
			at++;
		if (at - begin <= scanner->indent && !is_break(character_at(scanner, at)))
			return;
		advance(scanner);
		skip_line(scanner);
	}
}

static void report_escape(struct scanner *scanner, struct position position, ucs4_t character)
{
	const char shown[] = {(char)character, '\0'};

	if (character == 'b') {
		diagnose(scanner->diagnostics, SEVERITY_WARNING, position,
			 "\"\\b\" is a backspace in double quotes; if a regular expression's word boundary is meant, "
			 "write the expression without quotes or in single quotes");
		return;
	}
	diagnose(scanner->diagnostics, SEVERITY_ERROR, position,
		 "YAML has no escape \"\\%s\", and in double quotes each backslash begins one; write a regular "
		 "expression without quotes or in single quotes",
		 character > ' ' && character < 0x7f ? shown : "");
	scanner->is_clean = false;
}

static void scan_escape(struct scanner *scanner)
{
	static const char known[] = "0at\tnvfre \"/\\N_LPxuU\r\n";
	struct position position = scanner->position;
	ucs4_t character = 0;

	advance(scanner);
	character = peek(scanner);
	if (character >= 0x80 || character == 0 || strchr(known, (int)character) == NULL)
		report_escape(scanner, position, character);
	advance(scanner);
}

/* A quote that looks like the closing one, on a line where that is missing, is taken for it. */
static void scan_quoted(struct scanner *scanner)
{
	ucs4_t quote = peek(scanner);
	struct scanner lookalike = {.at = NULL};

	advance(scanner);
	for (; scanner->at < scanner->end; advance(scanner)) {
		ucs4_t character = peek(scanner);

		while (quote == '"' && character == '\\') {
			scan_escape(scanner);
			character = peek(scanner);
		}
		if (lookalike.at == NULL && punctuation_meant(character) == (char)quote)
			lookalike = *scanner;
		if (character == quote && (quote == '"' || character_at(scanner, scanner->at + 1) != quote))
			break;
		if (character == quote) /* twice, which is one that does not end anything */
			advance(scanner);
		if (is_break(character) && lookalike.at != NULL) {
			report(&lookalike);
			scanner->is_clean = false;
			return;
		}
	}
	advance(scanner);
}

static void open_flow(struct scanner *scanner, char closing)
{
	if (scanner->depth < DEPTH_MAX)
		scanner->closing[scanner->depth] = closing;
	scanner->depth++;
}

static char closing_of(const struct scanner *scanner)
{
	if (scanner->depth == 0 || scanner->depth > DEPTH_MAX)
		return '\0';
	return scanner->closing[scanner->depth - 1];
}

/* What comes where something of a list or a map ends. */
enum ending {
	ENDING_NONE,
	ENDING_LINE,  /* or a comment, or the text */
	ENDING_COLON, /* of a key */
	ENDING_COMMA,
	ENDING_CLOSE,
};

/* Whether a lookalike would end something if it were the real one; @in_key: only a key has come before it. */
static enum ending lookalike_ending(const struct scanner *scanner, bool in_key)
{
	const uint8_t *next = scanner->at + u8_strmblen(scanner->at);
	char meant = punctuation_meant(peek(scanner));

	if (meant == ':' && in_key)
		return ENDING_COLON;
	if (meant == ',' && (closing_of(scanner) == ']' || (closing_of(scanner) == '}' && is_key(scanner, next))))
		return ENDING_COMMA;
	if (meant != '\0' && meant == closing_of(scanner) &&
	    is_break(character_at(scanner, behind_blanks(scanner, next))))
		return ENDING_CLOSE;
	if (meant == ' ' && is_break(character_at(scanner, behind_blanks(scanner, next))))
		return ENDING_LINE;
	return ENDING_NONE;
}

static enum ending ending(const struct scanner *scanner, bool in_key)
{
	ucs4_t character = peek(scanner);
	ucs4_t next = scanner->at < scanner->end ? character_at(scanner, scanner->at + 1) : '\n';

	if (is_break(character))
		return ENDING_LINE;
	if (character == ':' && (is_blank(next) || is_break(next) || punctuation_meant(next) == ' '))
		return ENDING_COLON;
	if (scanner->depth > 0 && character == ',')
		return ENDING_COMMA;
	if (scanner->depth > 0 && (character == ']' || character == '}'))
		return ENDING_CLOSE;
	return character >= 0x80 ? lookalike_ending(scanner, in_key) : ENDING_NONE;
}

/* Passes over a scalar without quotes, up to what ends it; one that begins a line or an item may be a key. */
static enum ending scan_plain(struct scanner *scanner, bool is_value)
{
	bool in_key = !is_value && is_word(peek(scanner));
	ucs4_t last = 0;

	for (;;) {
		ucs4_t character = peek(scanner);
		enum ending found = ending(scanner, in_key);

		if (found != ENDING_NONE)
			return found;
		if (character == '#' && is_blank(last)) {
			skip_line(scanner);
			return ENDING_LINE;
		}
		in_key = in_key && (is_word(character) || is_blank(character) || punctuation_meant(character) == ' ');
		last = character;
		advance(scanner);
	}
}

/* Passes over what has ended something, and reports it if it only looks like that. */
static void scan_ending(struct scanner *scanner)
{
	if (punctuation_meant(peek(scanner)) != '\0')
		report(scanner);
	else
		advance(scanner);
}

/* Passes over the bracket that begins a list or a map. Returns whether it did. */
static bool scan_bracket(struct scanner *scanner)
{
	ucs4_t character = peek(scanner);
	char meant = punctuation_meant(character);

	if (character == '[' || character == '{') {
		open_flow(scanner, character == '[' ? ']' : '}');
		advance(scanner);
	} else if (meant == '[' || meant == '{') {
		open_flow(scanner, meant == '[' ? ']' : '}');
		report(scanner);
	} else {
		return false;
	}
	return true;
}

/* Passes over an anchor or a tag. Returns whether it did. */
static bool scan_property(struct scanner *scanner)
{
	if (peek(scanner) != '&' && peek(scanner) != '!')
		return false;
	while (!is_blank(peek(scanner)) && !is_break(peek(scanner)))
		advance(scanner);
	return true;
}

/* Passes over a key or a value and what ends it. Returns whether a value comes next. */
static bool scan_scalar(struct scanner *scanner, bool is_value)
{
	ucs4_t character = peek(scanner);
	enum ending found = ENDING_NONE;

	if (character == '"' || character == '\'') {
		scan_quoted(scanner);
		skip_blanks(scanner);
		if (!is_value && punctuation_meant(peek(scanner)) == ':') {
			report(scanner);
			return true;
		}
	} else if (punctuation_meant(character) == '"' || punctuation_meant(character) == '\'') {
		report(scanner);
	}
	found = scan_plain(scanner, is_value);
	if (found == ENDING_LINE)
		skip_blanks(scanner);
	else
		scan_ending(scanner);
	if (found == ENDING_CLOSE && scanner->depth > 0)
		scanner->depth--;
	return found == ENDING_COLON;
}

static bool is_dash(const struct scanner *scanner, ucs4_t dash)
{
	ucs4_t next = 0;

	if (dash != '-' || scanner->depth > 0 || scanner->at == scanner->end)
		return false;
	next = character_at(scanner, scanner->at + u8_strmblen(scanner->at));
	return is_blank(next) || is_break(next) || punctuation_meant(next) == ' ';
}

/* What only the beginning of a line or of an item may be. Returns whether it was that. */
static bool scan_beginning(struct scanner *scanner)
{
	ucs4_t character = peek(scanner);
	char meant = punctuation_meant(character);

	if (is_dash(scanner, character) || is_dash(scanner, (unsigned char)meant))
		scan_ending(scanner);
	else if (character == '#')
		skip_line(scanner);
	else if (meant == '#') {
		report(scanner);
		skip_line(scanner);
	} else {
		return false;
	}
	return true;
}

static void scan_line(struct scanner *scanner)
{
	bool is_value = false;

	skip_blanks(scanner);
	scanner->indent = scanner->position.column - 1;
	while (!is_break(peek(scanner))) {
		if (is_value && scanner->depth == 0 && (peek(scanner) == '|' || peek(scanner) == '>')) {
			skip_block_scalar(scanner);
			return;
		}
		if (scan_bracket(scanner))
			is_value = false;
		else if (!scan_beginning(scanner) && !scan_property(scanner))
			is_value = scan_scalar(scanner, is_value);
		skip_blanks(scanner);
	}
}

bool lookalikes_check(const char *text, size_t length, struct diagnostics *diagnostics)
{
	struct scanner scanner = {.at = (const uint8_t *)text,
				  .end = (const uint8_t *)text + length,
				  .position = {1, 1},
				  .diagnostics = diagnostics,
				  .is_clean = true};

	while (scanner.at < scanner.end) {
		scan_line(&scanner);
		advance(&scanner);
	}
	return scanner.is_clean;
}
