/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_WORDS_H
#define CGTPROXY_NFT_WORDS_H

#include <stdbool.h>

/**
 * Returns whether "nft -f" can read a chain of that name. The kernel takes any name, but nft has no way to quote one,
 * so that the words of its language can't be names, nor can what begins with a digit or a dash.
 *
 * @name: of letters, digits, '_', '.' and '-'
 */
bool nft_can_name(const char *name);

#endif
