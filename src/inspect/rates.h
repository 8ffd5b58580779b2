/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_RATES_H
#define CGTPROXY_INSPECT_RATES_H

#include "inspect/traffic.h"

/** What an application transfers with TCP, in bytes per second. */
struct traffic_rate {
	double received;
	double sent;
};

/**
 * Computes the rates of all applications between two looks, connection by connection: one that is new counts whole, and
 * one that was closed in between does not count, so no rate is negative. What it transferred after the first look is
 * not seen.
 *
 * @before:  an earlier look, whose applications need not be the same; NULL: all rates are 0
 * @seconds: between the two; without any, all rates are 0
 * @rates:   set; one for each of the applications of @now
 */
void traffic_rates(const struct traffic_list *before, const struct traffic_list *now, double seconds,
		   struct traffic_rate *rates);

#endif
