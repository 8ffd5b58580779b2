/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages for users and for the journal. One process-wide log: nobody would read a second one.
 *
 * Only the stream on stderr reliably assigns messages to the unit: systemd declared it when it opened the stream. For
 * an entry in the native protocol, journald takes the unit from the sender's cgroup, and the last messages of a daemon
 * that fails to start may be read after it has exited. So only messages with fields, which a stream can't carry, use
 * the native protocol. journald may read the two out of order; but fields are for debugging, so at the usual levels
 * everything goes to the stream, and a native entry carries the time it was sent. */

#define SD_JOURNAL_SUPPRESS_LOCATION
#include "util/log.h"

#include "util/colour.h"
#include "util/language.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

enum {
	MESSAGE_SIZE = 8192,
	FIELD_SIZE = 4352, /* a cgroup path may have up to PATH_MAX bytes */
	FIELDS_MAX = 6,
};

static struct {
	int priority;
	bool journal;
	bool colour;
	log_receiver *receiver; /* or NULL */
	void *data;
} sink = {.priority = LOG_INFO};

static const struct level {
	const char *name;
	int priority;
	const char *prefix;
	const char *colour;
} levels[] = {
	{"error", LOG_ERR, N_("error: "), "\x1b[1;31m"},
	{"warn", LOG_WARNING, N_("warning: "), "\x1b[1;33m"},
	{"info", LOG_INFO, "", ""},
	{"debug", LOG_DEBUG, N_("debug: "), "\x1b[2m"},
};

enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

/* stderr is connected to the journal if its device and inode are those in JOURNAL_STREAM. */
static bool stderr_is_the_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device = 0;
	uintmax_t inode = 0;
	struct stat status;

	/* NOLINTNEXTLINE(cert-err34-c): systemd wrote it; a number that does not fit compares unequal */
	if (stream == NULL || sscanf(stream, "%ju:%ju", &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

static void read_level(void)
{
	const char *name = getenv("LOG_LEVEL");

	if (name == NULL || *name == '\0')
		return;
	for (size_t i = 0; i < LEVELS; i++) {
		if (strcmp(levels[i].name, name) == 0) {
			sink.priority = levels[i].priority;
			return;
		}
	}
	log_warning("LOG_LEVEL must be debug, info, warn or error; using info");
}

void log_open(void)
{
	sink.journal = stderr_is_the_journal();
	sink.colour = colour_is_wanted(STDERR_FILENO);
	read_level();
}

void log_redirect(log_receiver *receiver, void *data)
{
	sink.receiver = receiver;
	sink.data = data;
}

bool log_shows(int priority)
{
	return priority <= sink.priority;
}

struct journal_entry {
	struct iovec fields[FIELDS_MAX];
	char texts[FIELDS_MAX][FIELD_SIZE];
	int count;
};

static void add_field(struct journal_entry *entry, const char *name, const char *value)
{
	char *text = entry->texts[entry->count];

	if (value == NULL)
		return;
	snprintf(text, FIELD_SIZE, "%s=%s", name, value);
	entry->fields[entry->count++] = (struct iovec){.iov_base = text, .iov_len = strlen(text)};
}

static void write_to_journal(int priority, const struct log_fields *fields, char *message)
{
	struct journal_entry entry;
	char digit[] = {(char)('0' + priority), '\0'};

	/* not through add_field(), which would truncate it */
	entry.fields[0] = (struct iovec){.iov_base = message, .iov_len = strlen(message)};
	entry.count = 1;
	add_field(&entry, "PRIORITY", digit);
	add_field(&entry, "SYSLOG_IDENTIFIER", "cgtproxy");
	add_field(&entry, "CGROUP", fields->cgroup);
	add_field(&entry, "RULE", fields->rule);
	add_field(&entry, "TARGET", fields->target);
	sd_journal_sendv(entry.fields, entry.count);
}

/* Each line is a separate entry, with a priority prefix as in sd-daemon(3). */
static void write_to_stream(int priority, const char *message)
{
	for (size_t length = 0; *message != '\0'; message += length) {
		length = strcspn(message, "\n");
		fprintf(stderr, "<%d>%.*s\n", priority, (int)length, message);
		length += message[length] == '\n';
	}
}

static void write_to_stderr(int priority, const char *message)
{
	const struct level *level = &levels[LEVELS - 1];
	const char *prefix = NULL;

	for (size_t i = 0; i < LEVELS; i++) {
		if (levels[i].priority == priority)
			level = &levels[i];
	}
	prefix = _(level->prefix);
	if (sink.colour && *level->colour != '\0')
		fprintf(stderr, "%s%s\x1b[0m%s\n", level->colour, prefix, message);
	else
		fprintf(stderr, "%s%s\n", prefix, message);
}

/* A truncated message must not end within a character: that would leave a raw byte. */
static void drop_broken_end(char *text)
{
	size_t length = strlen(text);
	size_t tail = 0;

	while (tail < length && tail < 3 && ((unsigned char)text[length - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail < length && (unsigned char)text[length - 1 - tail] >= 0xc0)
		text[length - 1 - tail] = '\0';
}

void log_message(int priority, const struct log_fields *fields, const char *format, ...)
{
	static const char field[] = "MESSAGE=";
	char message[MESSAGE_SIZE];
	va_list arguments;
	int needed = 0;

	memcpy(message, field, sizeof(field));
	va_start(arguments, format);
	needed = vsnprintf(message + strlen(field), sizeof(message) - strlen(field), translate(format), arguments);
	va_end(arguments);
	if (needed >= (int)(sizeof(message) - strlen(field)))
		drop_broken_end(message);
	if (sink.receiver != NULL)
		sink.receiver(priority, message + strlen(field), sink.data);
	else if (!sink.journal)
		write_to_stderr(priority, message + strlen(field));
	else if (fields == NULL)
		write_to_stream(priority, message + strlen(field));
	else
		write_to_journal(priority, fields, message);
}
