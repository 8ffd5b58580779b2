/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/place.h"

#include <libfyaml.h>
#include <stdlib.h>

static struct position position_of(const struct fy_mark *mark)
{
	return mark != NULL ? (struct position){mark->line + 1, mark->column + 1} : (struct position){0};
}

/* The first node within a list or a map, down to one that is neither, or is empty. */
static struct fy_node *first_in(struct fy_node *node)
{
	struct fy_node *first = node;

	while (first != NULL) {
		void *at = NULL;

		node = first;
		if (fy_node_is_sequence(node)) {
			first = fy_node_sequence_iterate(node, &at);
		} else {
			struct fy_node_pair *pair = fy_node_mapping_iterate(node, &at);

			first = pair != NULL ? fy_node_pair_key(pair) : NULL;
		}
	}
	return node;
}

/* A scalar's position, including a leading quote or "*", which libfyaml leaves out; {0} for one without a text. */
static struct position place_of_scalar(struct fy_node *node)
{
	enum fy_node_style style = fy_node_get_style(node);
	bool has_sign = style == FYNS_ALIAS || style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED;
	struct fy_token *token = fy_node_get_scalar_token(node);
	struct position position = {0};
	size_t length = 0;

	if (token == NULL || fy_node_get_scalar(node, &length) == NULL || (length == 0 && !has_sign))
		return position;
	position = position_of(fy_token_start_mark(token));
	if (has_sign && position.column > 1)
		position.column--;
	return position;
}

static struct position place_of_dash(struct fy_node *node)
{
	const struct position *dash = fy_node_get_meta(node);

	return dash != NULL ? *dash : (struct position){0};
}

static struct position place_of_key(struct fy_node *node)
{
	struct fy_node *parent = fy_node_get_parent(node);
	struct fy_node_pair *pair = NULL;
	void *at = NULL;

	while (parent != NULL && (pair = fy_node_mapping_iterate(parent, &at)) != NULL) {
		if (fy_node_pair_value(pair) == node && fy_node_pair_key(pair) != NULL)
			return place_of_scalar(first_in(fy_node_pair_key(pair)));
	}
	return (struct position){0};
}

struct position place_of(struct fy_node *node)
{
	struct fy_node *first = first_in(node);
	struct position position = {0};

	if (first == NULL)
		return position;
	position = place_of_scalar(first);
	if (position.line == 0)
		position = place_of_dash(first);
	for (; node != NULL && position.line == 0; node = fy_node_get_parent(node)) {
		position = place_of_key(node);
		if (position.line == 0)
			position = place_of_dash(node);
	}
	return position;
}

struct position place_of_document(struct fy_document *document)
{
	struct position position = place_of(fy_document_root(document));

	if (position.line == 0)
		position = position_of(fy_document_state_start_mark(fy_document_get_document_state(document)));
	return position;
}

/* The dashes of a text, in order. */
struct dashes {
	struct fy_parser *parser;
	bool has_failed;
};

static struct position next_dash(struct dashes *dashes)
{
	struct position position = {0};
	struct fy_token *token = NULL;

	while (position.line == 0 && (token = fy_scan(dashes->parser)) != NULL) {
		if (fy_token_get_type(token) == FYTT_BLOCK_ENTRY)
			position = position_of(fy_token_start_mark(token));
		fy_scan_token_free(dashes->parser, token);
	}
	return position;
}

static void forget_dash(struct fy_node *node, void *dash, void *userdata)
{
	(void)node;
	(void)userdata;
	free(dash);
}

static void keep_dash(struct dashes *dashes, struct fy_node *item, struct position position)
{
	struct position *kept = NULL;

	if (position.line == 0 || place_of_scalar(first_in(item)).line != 0)
		return;
	kept = malloc(sizeof(*kept));
	if (kept != NULL)
		*kept = position;
	if (kept == NULL || fy_node_set_meta(item, kept) != 0) {
		free(kept);
		dashes->has_failed = true;
	}
}

/* Each item of a block sequence has a dash, and no other node has one. */
/* NOLINTNEXTLINE(misc-no-recursion): libfyaml bounds how deep nodes are nested */
static void place_below(struct dashes *dashes, struct fy_node *node)
{
	struct fy_node_pair *pair = NULL;
	struct fy_node *item = NULL;
	void *at = NULL;

	if (fy_node_is_sequence(node)) {
		while ((item = fy_node_sequence_iterate(node, &at)) != NULL) {
			if (fy_node_get_style(node) == FYNS_BLOCK)
				keep_dash(dashes, item, next_dash(dashes));
			place_below(dashes, item);
		}
		return;
	}
	while ((pair = fy_node_mapping_iterate(node, &at)) != NULL) {
		place_below(dashes, fy_node_pair_key(pair));
		place_below(dashes, fy_node_pair_value(pair));
	}
}

bool place_items(struct fy_document *document, const char *text, size_t length)
{
	struct fy_parse_cfg settings = {.flags = FYPCF_QUIET};
	struct dashes dashes = {.parser = fy_parser_create(&settings)};

	dashes.has_failed = dashes.parser == NULL || fy_parser_set_string(dashes.parser, text, length) != 0 ||
			    fy_document_register_meta(document, forget_dash, NULL) != 0;
	if (!dashes.has_failed)
		place_below(&dashes, fy_document_root(document));
	fy_parser_destroy(dashes.parser);
	return !dashes.has_failed;
}
