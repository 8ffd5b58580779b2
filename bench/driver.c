/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "driver.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void give_up(const char *format, ...)
{
	int failure = errno;
	va_list arguments;

	fputs("cgtproxy-bench: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, ": %s\n", strerror(failure));
	_exit(1);
}

uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

void rest(uint64_t usec)
{
	const struct timespec time = {.tv_sec = (time_t)(usec / 1000000), .tv_nsec = (long)(usec % 1000000) * 1000};

	nanosleep(&time, NULL);
}

uint64_t number(const char *text)
{
	char *end = NULL;
	uint64_t value = 0;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno == 0 && (end == text || *end != '\0'))
		errno = EINVAL;
	if (errno != 0)
		give_up("%s is no number", text);
	return value;
}
