/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_BENCH_DRIVER_H
#define CGTPROXY_BENCH_DRIVER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * Shared by the parts of the benchmark's driver. The driver does what must not wait for an interpreter; bench.py runs
 * it and parses its output: one measurement per line. It exits at the first failure.
 */

/** Says what failed, and why (errno), and ends the process. */
void give_up(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** Returns a clock's time in ns. */
uint64_t clock_ns(clockid_t clock);

/** Sleeps for that many usec, so that the CPU is idle before the next measurement, as in real use. */
void rest(uint64_t usec);

/** Returns the number in a command's argument, or ends the process. */
uint64_t number(const char *text);

/** One command of the driver; the arguments do not include its name. */
typedef int driver_command(int count, char **arguments);

driver_command cmd_accept;
driver_command cmd_births;
driver_command cmd_connect;
driver_command cmd_container;
driver_command cmd_floor;
driver_command cmd_latency;
driver_command cmd_match;
driver_command cmd_packets;
driver_command cmd_relay_ask;
driver_command cmd_relay_crowd;
driver_command cmd_relay_floor;
driver_command cmd_relay_serve;
driver_command cmd_relay_stream;
driver_command cmd_storm;

#endif
