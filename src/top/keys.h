/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_KEYS_H
#define CGTPROXY_TOP_KEYS_H

#include "top/state.h"

/** What is to be done after a key. */
enum key_result {
	KEY_RESULT_DRAW,
	KEY_RESULT_LOOK, /* routes have changed: look again at once */
	KEY_RESULT_QUIT,
};

/** Does what a key means in the present mode. */
enum key_result keys_press(struct top *top, const struct screen_key *key);

#endif
