/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "policy/pattern_set.h"

#include "util/language.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <re2/re2.h>
#include <re2/set.h>
#include <string>
#include <utility>
#include <vector>

namespace
{

/* The memory budget of the automaton and its states. It is raised until the expressions fit. */
constexpr int64_t budget_least = int64_t{1} << 20;
constexpr int64_t budget_most = int64_t{64} << 20;

/* RE2's default, enough for any one expression except the largest. */
constexpr int64_t budget_single = int64_t{8} << 20;

RE2::Options options_with(int64_t budget)
{
	RE2::Options options;

	options.set_log_errors(false);
	options.set_max_mem(budget);
	return options;
}

std::unique_ptr<RE2::Set> compile_together(const std::vector<std::string> &patterns)
{
	for (int64_t budget = budget_least; budget <= budget_most; budget *= 4) {
		auto set = std::make_unique<RE2::Set>(options_with(budget), RE2::UNANCHORED);
		bool added = std::all_of(patterns.begin(), patterns.end(), [&set](const std::string &pattern) {
			return set->Add(pattern, nullptr) >= 0;
		});

		if (added && set->Compile())
			return set;
	}
	return nullptr;
}

std::unique_ptr<RE2> compile_single(const re2::StringPiece &pattern)
{
	auto compiled = std::make_unique<RE2>(pattern, options_with(budget_single));

	if (compiled->error_code() == RE2::ErrorPatternTooLarge)
		compiled = std::make_unique<RE2>(pattern, options_with(budget_most));
	return compiled;
}

std::vector<std::unique_ptr<RE2>> compile_each(const std::vector<std::string> &patterns)
{
	std::vector<std::unique_ptr<RE2>> compiled;

	compiled.reserve(patterns.size());
	for (const std::string &pattern : patterns)
		compiled.push_back(compile_single(pattern));
	return compiled;
}

void copy_cut(char *out, size_t size, const std::string &text)
{
	snprintf(out, size, "%s", text.c_str());
}

/* Removes groups, classes and escaped characters, starting with the innermost group. */
std::string without_groups(std::string pattern)
{
	static const RE2 escaped("\\\\.");
	static const RE2 bracketed("\\[[^\\]]*\\]");
	static const RE2 group("\\([^()]*\\)");

	RE2::GlobalReplace(&pattern, escaped, "x");
	RE2::GlobalReplace(&pattern, bracketed, "x");
	while (RE2::GlobalReplace(&pattern, group, "x") > 0)
		;
	return pattern;
}

/* RE2's own texts for its codes, written out for xgettext(1). NULL for a code that a later version adds. */
const char *reason_text(RE2::ErrorCode code)
{
	switch (code) {
	case RE2::ErrorBadEscape:
		return _("invalid escape sequence");
	case RE2::ErrorBadCharClass:
		return _("invalid character class");
	case RE2::ErrorBadCharRange:
		return _("invalid character class range");
	case RE2::ErrorMissingBracket:
		return _("missing ]");
	case RE2::ErrorMissingParen:
		return _("missing )");
	case RE2::ErrorUnexpectedParen:
		return _("unexpected )");
	case RE2::ErrorTrailingBackslash:
		return _("trailing \\");
	case RE2::ErrorRepeatArgument:
		return _("no argument for repetition operator");
	case RE2::ErrorRepeatSize:
		return _("invalid repetition size");
	case RE2::ErrorRepeatOp:
		return _("bad repetition operator");
	case RE2::ErrorBadPerlOp:
		return _("invalid perl operator");
	case RE2::ErrorBadUTF8:
		return _("invalid UTF-8");
	case RE2::ErrorBadNamedCapture:
		return _("invalid named capture group");
	case RE2::ErrorPatternTooLarge:
		return _("pattern too large - compile failed");
	default:
		return nullptr;
	}
}

/* RE2 says "<reason>: <fragment>". */
std::string reason_of(const RE2 &compiled)
{
	const char *text = reason_text(compiled.error_code());

	return text != nullptr ? text : compiled.error().substr(0, compiled.error().find(": "));
}

bool check(const char *pattern, size_t length, struct pattern_error *error)
{
	const std::unique_ptr<RE2> compiled = compile_single(re2::StringPiece(pattern, length));

	if (compiled->ok())
		return true;
	const std::string whole(pattern, length);
	const size_t offset = whole.find(compiled->error_arg());

	copy_cut(error->reason, sizeof(error->reason), reason_of(*compiled));
	copy_cut(error->fragment, sizeof(error->fragment), compiled->error_arg());
	error->offset = offset == std::string::npos ? 0 : offset;
	return false;
}

bool is_anchored(const char *pattern)
{
	static const RE2 begins_anchored("^(\\^|\\\\A)");
	static const RE2 has_alternative("[|]");

	return RE2::PartialMatch(pattern, begins_anchored) &&
	       !RE2::PartialMatch(without_groups(pattern), has_alternative);
}

/* No exception may leave this file: the C callers can't be unwound. Only memory exhaustion raises any. */
template <typename Function> auto without_memory(decltype(std::declval<Function>()()) result, Function function)
{
	try {
		return function();
	} catch (const std::exception &) {
		return result;
	}
}

} // namespace

struct pattern_set {
	std::vector<std::string> patterns;
	std::unique_ptr<RE2::Set> together;	  /* or none, if no budget was enough */
	std::vector<std::unique_ptr<RE2>> single; /* compiled when first needed */
	std::vector<int> matches;		  /* kept between calls for its memory */

	/* Fills in the matches; returns false if the automaton can't tell, within its budget or at all. */
	bool match_together(const re2::StringPiece &text)
	{
		RE2::Set::ErrorInfo error{RE2::Set::kNoError};

		return together != nullptr &&
		       (together->Match(text, &matches, &error) || error.kind == RE2::Set::kNoError);
	}

	const std::vector<std::unique_ptr<RE2>> &compiled_singly()
	{
		if (single.empty())
			single = compile_each(patterns);
		return single;
	}

	int first(const re2::StringPiece &text)
	{
		if (match_together(text))
			return matches.empty() ? PATTERN_NONE : *std::min_element(matches.begin(), matches.end());
		for (size_t i = 0; i < compiled_singly().size(); i++) {
			if (RE2::PartialMatch(text, *single[i]))
				return static_cast<int>(i);
		}
		return PATTERN_NONE;
	}

	void each(const re2::StringPiece &text, bool *matched)
	{
		std::fill_n(matched, patterns.size(), false);
		if (match_together(text)) {
			for (int i : matches)
				matched[i] = true;
			return;
		}
		for (size_t i = 0; i < compiled_singly().size(); i++)
			matched[i] = RE2::PartialMatch(text, *single[i]);
	}
};

bool pattern_is_valid(const char *pattern, size_t length, struct pattern_error *error)
{
	*error = {"", 0, ""};
	snprintf(error->reason, sizeof(error->reason), "%s", _("there is no memory to check it"));
	return without_memory(false, [=] { return check(pattern, length, error); });
}

bool pattern_is_anchored(const char *pattern)
{
	return without_memory(true, [=] { return is_anchored(pattern); });
}

char *pattern_quote(const char *text, size_t length)
{
	return without_memory(static_cast<char *>(nullptr),
			      [=] { return strdup(RE2::QuoteMeta(re2::StringPiece(text, length)).c_str()); });
}

struct pattern_set *pattern_set_new(const char *const *patterns, size_t count)
{
	return without_memory(static_cast<struct pattern_set *>(nullptr), [=] {
		auto set = std::make_unique<pattern_set>();

		set->patterns.assign(patterns, patterns + count);
		if (count > 0)
			set->together = compile_together(set->patterns);
		return set.release();
	});
}

int pattern_set_first_match(struct pattern_set *set, const char *text, size_t length)
{
	return without_memory(static_cast<int>(PATTERN_UNKNOWN),
			      [=] { return set->first(re2::StringPiece(text, length)); });
}

bool pattern_set_match_each(struct pattern_set *set, const char *text, size_t length, bool *matched)
{
	return without_memory(false, [=] {
		set->each(re2::StringPiece(text, length), matched);
		return true;
	});
}

bool pattern_set_is_slow(const struct pattern_set *set)
{
	return set->together == nullptr && !set->patterns.empty();
}

void pattern_set_free(struct pattern_set *set)
{
	delete set;
}
