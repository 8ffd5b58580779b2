/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_CLEANUP_H
#define CGTPROXY_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Resources that are released at the end of their scope, as in systemd: CLEANUP(freep) char *text = NULL; */
#define CLEANUP(function) __attribute__((cleanup(function)))

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static inline void closedirp(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

/* Defines the cleanup function NAMEp for a type that has its own free function. */
#define DEFINE_CLEANUP(type, function)                                                                                 \
	static inline void function##p(type *pointer)                                                                  \
	{                                                                                                              \
		if (*pointer != NULL)                                                                                  \
			function(*pointer);                                                                            \
	}

#endif
