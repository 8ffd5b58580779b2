/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_LOG_H
#define CGTPROXY_UTIL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/** Structured fields of a message; each member that is not NULL becomes a field of the journal entry. */
struct log_fields {
	const char *cgroup; /* path below the mount, unescaped */
	const char *rule;   /* number of the rule, from 1, or "none" */
	const char *target; /* "direct", "drop", "refuse" or the proxy's name */
};

/**
 * Configures the log's destination and level from the environment. Messages go to stderr; where systemd has connected
 * that to the journal (JOURNAL_STREAM, systemd.exec(5)), they have a priority prefix, and a message with fields is sent
 * to the journal directly. LOG_LEVEL is debug, info, warn or error; anything else logs a warning and means info. Call
 * it before the first message.
 */
void log_open(void);

/** Takes a message: without a trailing newline, valid during the call. */
typedef void log_receiver(int priority, const char *message, void *data);

/**
 * Hands all messages that are shown to a function instead of writing them, for a program that has the terminal to
 * itself.
 *
 * @receiver: or NULL, to write them again
 */
void log_redirect(log_receiver *receiver, void *data);

/** Returns whether messages of this syslog(3) priority are shown, to skip work only done for logging. */
bool log_shows(int priority);

/**
 * Logs one message, given without a trailing newline. Bytes from users must have been passed through escape().
 *
 * @priority: LOG_ERR, LOG_WARNING, LOG_INFO or LOG_DEBUG of syslog(3)
 * @fields:   or NULL
 */
void log_message(int priority, const struct log_fields *fields, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same, but without evaluating the arguments of messages that are not shown. */
#define log_about(priority, fields, ...)                                                                               \
	do {                                                                                                           \
		if (log_shows(priority))                                                                               \
			log_message((priority), (fields), __VA_ARGS__);                                                \
	} while (0)

#define log_error(...) log_about(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_about(LOG_WARNING, NULL, __VA_ARGS__)
#define log_info(...) log_about(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_about(LOG_DEBUG, NULL, __VA_ARGS__)

#endif
