/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_AMOUNT_H
#define CGTPROXY_UTIL_AMOUNT_H

enum { AMOUNT_SIZE = 16 };

/**
 * Writes a number of bytes for people, in decimal units as network rates and volumes are given: "12.3 MB".
 *
 * @bytes: not negative
 * @out:   of AMOUNT_SIZE bytes
 *
 * Returns @out.
 */
char *amount_write(double bytes, char *out);

#endif
