/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/schema.h"

#include "config/config.h"
#include "config/section.h"
#include "config/selectors.h"

#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DRAFT "http://json-schema.org/draft-07/schema#"

/*
 * Patterns are written for both ECMAScript and Python. YAML 1.2, which editors speak, takes some numbers and all of
 * yes, no, on and off for texts, while this program reads them as YAML 1.1 does; see value.h.
 */
#define NO_WORDS "no|No|NO|off|Off|OFF|n|N"
#define BOOL_WORDS "yes|Yes|YES|on|On|ON|y|Y|" NO_WORDS
#define NUMBER "(?:[0-9][0-9_]*|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)"
#define ZERO "(?:0[xXoObB]?[0_]*)"
#define NUMBER_BUT_DECIMAL "(?:[0-9][0-9_]*_[0-9_]*|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)"
#define MARK "(?!" ZERO "/)" NUMBER "/(?!" ZERO "$)" NUMBER

#define OCTET "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
#define IP4 "(?:" OCTET "\\.){3}" OCTET
/* this only has the right characters, and the colons that tell it from the rest; a full pattern would be unreadable */
#define IP6 "[0-9a-fA-F:]*:[0-9a-fA-F:]*(?:" IP4 ")?"
#define NETWORK "^(?:" IP4 "(?:/0*(?:[12]?[0-9]|3[0-2]))?|" IP6 "(?:/0*(?:[1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$"

/* 1 to 15 characters; see gateway_value.c */
#define INTERFACE "^(?!lo$|\\.{1,2}$)[^/:\\s\\u0000*?\\[]{0,14}(?:\\*|[^/:\\s\\u0000*?\\[+])$"
#define HEX "[0-9a-fA-F]"
/* not zero, not multicast */
#define MAC "^(?!(?:00[:-]){5}00$)" HEX "[02468aceACE](?:(?::" HEX "{2}){5}|(?:-" HEX "{2}){5})$"

#define UNIT "^(?!@)[A-Za-z0-9:_.\\\\@-]+\\.(?:service|scope|mount|socket|swap)$"
#define SLICE "^(?!-)(?!.*--)[A-Za-z0-9:_.\\\\-]*[A-Za-z0-9:_.\\\\]\\.slice$"

/* these only have the right schemes and characters; see upstream.h and relay.h */
#define UPSTREAM "^(?:direct://$|(?:socks5|http)://[!-~]+:[0-9]+$|(?:socks5|http)\\+unix:[!-~]*/[!-~]+$)"
#define RELAY_DNS "^(?:off|fake-ip|tcp://(?:" IP4 "|\\[" IP6 "\\])(?::[1-9][0-9]{0,4})?)$"

enum {
	UNIT_NAME_MAX = 255, /* systemd's, without the NUL */
	NAMES_MAX = 1000,
};

/*
 * jansson's functions and json_pack() take ownership of what is given with "o", and treat NULL as out of memory, so
 * only the last call needs to be checked.
 */

static json_t *schema_of_keys(const struct key *keys);

static json_t *text_like(const char *pattern)
{
	return json_pack("{ss ss}", "type", "string", "pattern", pattern);
}

static json_t *number(uint32_t least, uint32_t most)
{
	return json_pack("{s[{ss sI sI} o]}", "anyOf", "type", "integer", "minimum", (json_int_t)least, "maximum",
			 (json_int_t)most, text_like("^" NUMBER_BUT_DECIMAL "$"));
}

static json_t *boolean(void)
{
	return json_pack("{s[{ss} o]}", "anyOf", "type", "boolean", text_like("^(?:" BOOL_WORDS ")$"));
}

static json_t *words(const struct key_word *word)
{
	json_t *list = json_array();

	for (; word->word != NULL; word++)
		json_array_append_new(list, json_string(word->word));
	return json_pack("{so}", "enum", list);
}

static json_t *mark(void)
{
	return json_pack("{s[o o]}", "anyOf", number(1, UINT32_MAX), text_like("^" MARK "$"));
}

/* The two kinds that a config is written with in two ways: 1000 is a number for YAML, and so is 2048, the game. */
static json_t *name_of(enum selector selector)
{
	switch (selector) {
	case SELECTOR_APP:
		return json_pack("{s[ss] ss sI}", "type", "string", "integer", "pattern", "^[^/\\\\]+$", "maxLength",
				 (json_int_t)UNIT_NAME_MAX);
	case SELECTOR_UNIT:
	case SELECTOR_USER_UNIT:
		return json_pack("{ss ss sI}", "type", "string", "pattern", UNIT, "maxLength",
				 (json_int_t)UNIT_NAME_MAX);
	case SELECTOR_SLICE:
		return json_pack("{ss ss sI}", "type", "string", "pattern", SLICE, "maxLength",
				 (json_int_t)UNIT_NAME_MAX);
	case SELECTOR_USER:
		return json_pack("{s[ss] sI sI sI}", "type", "string", "integer", "minLength", (json_int_t)1, "minimum",
				 (json_int_t)0, "maximum", (json_int_t)UINT32_MAX - 1);
	}
	return NULL;
}

/* A value, or a list of them. */
static json_t *one_or_more(json_t *value, json_int_t most)
{
	return json_pack("{s[O {ss so sI sI}]}", "anyOf", value, "type", "array", "items", value, "minItems",
			 (json_int_t)1, "maxItems", most);
}

/* A number is a name, too: 1000 is one for the kernel. */
static json_t *interface(void)
{
	return json_pack("{s[ss] ss}", "type", "string", "integer", "pattern", INTERFACE);
}

static json_t *rules(const struct key *key)
{
	json_t *list = json_pack("{ss so}", "type", "array", "items", schema_of_keys(key->keys));

	if (key->most != 0)
		json_object_set_new(list, "maxItems", json_integer(key->most));
	return list;
}

static json_t *proxies(const struct key *key)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), "^[A-Za-z0-9_.-]{1,%d}$", PROXY_NAME_MAX);
	return json_pack("{ss s{ss} so sI}", "type", "object", "propertyNames", "pattern", pattern,
			 "additionalProperties", schema_of_keys(key->keys), "maxProperties", (json_int_t)PROXIES_MAX);
}

/* @excluded: a list of numbers */
static json_t *number_but(uint32_t least, uint32_t most, json_t *excluded)
{
	json_t *schema = number(least, most);

	json_object_set_new(schema, "not", json_pack("{so}", "enum", excluded));
	return schema;
}

static json_t *kernel_tables(void)
{
	return json_pack("[iii]", RT_TABLE_DEFAULT, RT_TABLE_MAIN, RT_TABLE_LOCAL);
}

static json_t *schema_of_form(const struct key *key)
{
	switch (key->form) {
	case FORM_UNKNOWN:
		return NULL;
	case FORM_VERSION:
		return json_pack("{s[is]}", "enum", 1, "1");
	case FORM_MOUNT:
		return text_like("^(?:AUTO$|/)");
	case FORM_NUMBER:
		return number(key->least, key->most);
	case FORM_TABLE:
		return number_but(key->least, key->most, kernel_tables());
	case FORM_BOOL:
		return boolean();
	case FORM_WORD:
		return words(key->words);
	case FORM_MARK:
		return mark();
	case FORM_PORT:
		return number(1, UINT16_MAX);
	case FORM_IP4:
		return text_like("^" IP4 "$");
	case FORM_IP6:
		return text_like("^" IP6 "$");
	case FORM_NETWORKS:
		return json_pack("{ss so}", "type", "array", "items", text_like(NETWORK));
	case FORM_MAP:
		return schema_of_keys(key->keys);
	case FORM_PROXIES:
		return proxies(key);
	case FORM_RULES:
		return rules(key);
	case FORM_PATTERN:
		return json_pack("{ss si}", "type", "string", "minLength", 1);
	case FORM_NAMES:
		return one_or_more(name_of(key->choice), NAMES_MAX);
	case FORM_INTERFACES:
		return one_or_more(interface(), GATEWAY_VALUES_MAX);
	case FORM_SOURCES:
		return one_or_more(text_like(NETWORK), GATEWAY_VALUES_MAX);
	case FORM_MACS:
		return one_or_more(text_like(MAC), GATEWAY_VALUES_MAX);
	case FORM_PROXY:
		return json_pack("{ss si}", "type", "string", "minLength", 1);
	case FORM_UPSTREAM:
		return text_like(UPSTREAM);
	case FORM_RELAY_DNS:
		return text_like(RELAY_DNS);
	case FORM_SWITCH:
		return boolean();
	}
	return NULL;
}

/* Editors explain an error better if null is not an alternative to all the rest. */
static void allow_null(json_t *schema)
{
	json_t *type = json_object_get(schema, "type");

	if (type != NULL)
		json_object_set_new(schema, "type", json_pack("[Os]", type, "null"));
	else if (json_object_get(schema, "enum") != NULL)
		json_array_append_new(json_object_get(schema, "enum"), json_null());
	else
		json_array_append_new(json_object_get(schema, "anyOf"), json_pack("{ss}", "type", "null"));
}

/* What the value must be, and what it is for. Null is allowed where it means absent. */
static json_t *schema_of_key(const struct key *key)
{
	json_t *schema = schema_of_form(key);

	if (!key->needs_value && schema != NULL)
		allow_null(schema);
	json_object_set_new(schema, "description", json_string(key->about));
	return schema;
}

static bool is_selector(const struct key *key)
{
	return key->form == FORM_PATTERN || key->form == FORM_NAMES || key->form == FORM_INTERFACES ||
	       key->form == FORM_SOURCES || key->form == FORM_MACS;
}

static bool is_target(const struct key *key)
{
	return key->form == FORM_PROXY || key->form == FORM_SWITCH;
}

/* A rule's selectors may not be null either, but each is there only instead of the others. */
static json_t *required_keys(const struct key *keys)
{
	json_t *required = json_array();

	for (const struct key *key = keys; key->name != NULL; key++) {
		if (key->needs_value && !is_selector(key))
			json_array_append_new(required, json_string(key->name));
	}
	return required;
}

/* A target that is null, or switched off, counts as absent. */
static json_t *presence(const struct key *key)
{
	json_t *absence = NULL;

	if (!is_target(key))
		return json_pack("{s[s]}", "required", key->name);
	absence = key->form == FORM_SWITCH
			  ? json_pack("{s[{s[bn]} o]}", "anyOf", "enum", false, text_like("^(?:" NO_WORDS ")$"))
			  : json_pack("{ss}", "type", "null");
	return json_pack("{s[s] s{s{so}}}", "required", key->name, "properties", key->name, "not", absence);
}

static json_t *exactly_one(const struct key *keys, bool (*is_one)(const struct key *key))
{
	json_t *list = json_array();

	for (const struct key *key = keys; key->name != NULL; key++) {
		if (is_one(key))
			json_array_append_new(list, presence(key));
	}
	return json_pack("{so}", "oneOf", list);
}

/* Two keys that store their value in the same member say the same thing, so each excludes the other. */
static json_t *exclusions(const struct key *keys)
{
	json_t *list = json_object();

	for (const struct key *one = keys; one->name != NULL; one++) {
		for (const struct key *other = keys; other < one; other++) {
			if (one->offset != 0 && one->offset == other->offset)
				json_object_set_new(list, one->name,
						    json_pack("{s{s[s]}}", "not", "required", other->name));
		}
	}
	return list;
}

/* Returns what each key's value must be, or NULL if that can't be said of one. */
static json_t *properties_of_keys(const struct key *keys)
{
	json_t *properties = json_object();

	for (const struct key *key = keys; key->name != NULL; key++) {
		if (key->about == NULL || json_object_set_new(properties, key->name, schema_of_key(key)) < 0) {
			json_decref(properties);
			return NULL;
		}
	}
	return properties;
}

static json_t *schema_of_keys(const struct key *keys)
{
	bool has_selectors = false;
	json_t *schema = json_pack("{ss so sb so so}", "type", "object", "properties", properties_of_keys(keys),
				   "additionalProperties", false, "required", required_keys(keys), "dependencies",
				   exclusions(keys));

	for (const struct key *key = keys; key->name != NULL; key++)
		has_selectors |= is_selector(key);
	if (has_selectors)
		json_object_set_new(schema, "allOf",
				    json_pack("[oo]", exactly_one(keys, is_selector), exactly_one(keys, is_target)));
	return schema;
}

static json_t *document(const char *title, json_t *schema)
{
	json_t *head = json_pack("{ss ss}", "$schema", DRAFT, "title", title);

	if (schema != NULL)
		json_object_update(head, schema);
	else
		json_decref(head);
	json_decref(schema);
	return schema != NULL ? head : NULL;
}

json_t *schema_of_config(void)
{
	return document("The config of cgtproxy", schema_of_keys(config_keys));
}

json_t *schema_of_dropin(void)
{
	static const char name[] = "rules";
	const struct key *key = config_keys;

	while (key->name != NULL && strcmp(key->name, name) != 0)
		key++;
	if (key->name == NULL)
		return NULL;
	return document("A file of rules in cgtproxy's config.d",
			json_pack("{ss s{so} sb}", "type", "object", "properties", name, schema_of_key(key),
				  "additionalProperties", false));
}
