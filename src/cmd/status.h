/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_STATUS_H
#define CGTPROXY_CMD_STATUS_H

#include "cmd/cmd.h"
#include "cmd/style.h"
#include "inspect/status.h"

#include <stdio.h>

/* The output of the command "status", in its formats. */

/** A target's traffic per second. */
struct status_rate {
	double packets;
	double bytes;
};

/**
 * Computes a target's rates between two looks, if both have its counter.
 *
 * @before: or NULL
 *
 * Returns whether they are known.
 */
bool status_rate(const struct status *status, const struct status *before, const struct status_target *target,
		 struct status_rate *rate);

/** Computes the rates of one of the gateway's targets, likewise. */
bool status_gateway_rate(const struct status *status, const struct status *before,
			 const struct status_gateway_target *target, struct status_rate *rate);

/**
 * Writes the state for a person.
 *
 * @before: an earlier look, for the rates, or NULL
 *
 * Returns 0 or -ENOMEM.
 */
int status_write_text(const struct status *status, const struct status *before, const struct style *style, FILE *out);

/** Returns the colour of a target's name. */
enum colour status_colour(size_t target);

/** Writes the part of it that is the table of targets; the parameters and the result are the same. */
int status_write_targets(const struct status *status, const struct status *before, const struct style *style,
			 FILE *out);

/** Writes a number of bytes with a unit, as in "1.5K". Returns @text, of STATUS_BYTES_SIZE bytes. */
const char *status_write_bytes(char *text, double bytes);
enum { STATUS_BYTES_SIZE = 24 };

/** Writes the part of it about the gateway: what its targets were sent, and its rules; nothing if there is none. */
int status_write_gateway(const struct status *status, const struct status *before, const struct style *style,
			 FILE *out);

/**
 * Writes the state as a JSON object.
 *
 * @before: an earlier look, for the rates, or NULL
 * @format: as for output_write_json()
 *
 * Returns 0 or -ENOMEM.
 */
int status_write_json(const struct status *status, const struct status *before, enum json_format format, FILE *out);

/** Writes the state as metrics, in the OpenMetrics text format. */
void status_write_openmetrics(const struct status *status, FILE *out);

/**
 * Writes the state every second, until SIGINT, SIGTERM or SIGHUP. On a terminal it is redrawn on the alternate screen,
 * and the terminal is restored at the end. As JSON it is one object per line. Whether it could be written is for
 * output_close() to see.
 *
 * @error: filled in when this returns a negative errno
 *
 * Returns 0 or a negative errno.
 */
int status_watch(const struct arguments *arguments, struct error *error);

#endif
