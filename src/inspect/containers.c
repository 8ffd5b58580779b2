/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/containers.h"

#include <string.h>

enum { ID_LENGTH = 64 };

bool container_of_docker(const char *path)
{
	static const char *const befores[] = {"/docker-", "/docker/"};
	static const char *const afters[] = {".scope", ""};

	for (unsigned i = 0; i < sizeof(befores) / sizeof(befores[0]); i++) {
		const char *id = strstr(path, befores[i]);

		if (id == NULL)
			continue;
		id += strlen(befores[i]);
		if (strspn(id, "0123456789abcdef") == ID_LENGTH && strcmp(id + ID_LENGTH, afters[i]) == 0)
			return true;
	}
	return false;
}
