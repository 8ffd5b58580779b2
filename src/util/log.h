/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_LOG_H
#define CGTPROXY_UTIL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/** What a message is about; each member that is not NULL becomes a field of the journal entry. */
struct log_fields {
	const char *cgroup; /* path below the mount, as it is */
	const char *rule;   /* number of the rule, from 1, or "none" */
	const char *target; /* "direct", "drop", "refuse" or the proxy's name */
};

/**
 * Chooses where messages go and which ones, from the environment. They go to stderr; where systemd has connected that
 * to the journal (JOURNAL_STREAM, systemd.exec(5)), with their priority before them, and a message with fields goes to
 * the journal by itself. LOG_LEVEL is debug, info, warn or error; anything else is warned about and means info. Call it
 * before the first message.
 */
void log_open(void);

/** Whether a message of this syslog(3) priority would be shown; for work that is only done to log it. */
bool log_shows(int priority);

/**
 * Writes one message, without a newline at its end. Bytes from users must have gone through escape() before.
 *
 * @priority: LOG_ERR, LOG_WARNING, LOG_INFO or LOG_DEBUG of syslog(3)
 * @fields:   or NULL
 */
void log_message(int priority, const struct log_fields *fields, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same with fields, and without evaluating the arguments of messages that are not shown. */
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
