/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_BENCH_DRIVER_H
#define CGTPROXY_BENCH_DRIVER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * What the parts of the benchmark's driver share. The driver does what must not wait for an interpreter; bench.py calls
 * it and makes sense of what it prints: one measurement a line. It ends at the first thing that fails.
 */

/** Says what failed, and why (errno), and ends the process. */
void give_up(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** Returns a clock's time in ns. */
uint64_t clock_ns(clockid_t clock);

/** Sleeps that many usec, so that a CPU that waits for the next measurement is idle, as it would be. */
void rest(uint64_t usec);

/** Returns the number in a command's argument, or ends the process. */
uint64_t number(const char *text);

/** One command of the driver; the arguments do not include its name. */
typedef int driver_command(int count, char **arguments);

driver_command cmd_accept;
driver_command cmd_births;
driver_command cmd_connect;
driver_command cmd_floor;
driver_command cmd_latency;
driver_command cmd_match;
driver_command cmd_packets;
driver_command cmd_storm;

#endif
