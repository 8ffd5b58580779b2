/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/containers.h"

#include "util/unit_name.h"

#include <stdio.h>
#include <string.h>

enum {
	ID_LENGTH = 64,
	ID_SHOWN = 12, /* as the engines themselves show it */
};

/* The cgroup of a container: a component of the path that begins and ends so, with an ID or a name in between. */
struct form {
	const char *engine;
	const char *before;
	const char *after; /* NULL: either ".scope", with systemd's cgroup driver, or nothing */
	bool has_id;
};

static const struct form forms[] = {
	{"docker", "docker-", ".scope", true},	  {"podman", "libpod-payload-", NULL, true},
	{"podman", "libpod-", NULL, true},	  {"containerd", "cri-containerd-", NULL, true},
	{"cri-o", "crio-", NULL, true},		  {"nerdctl", "nerdctl-", NULL, true},
	{"machine", "machine-", ".scope", false}, {"machine", "systemd-nspawn@", ".service", false},
	{"lxc", "lxc.payload.", "", false},
};

static bool ends_with(const char *component, size_t length, const char *end)
{
	return length >= strlen(end) && memcmp(component + length - strlen(end), end, strlen(end)) == 0;
}

static bool is_id(const char *text, size_t length)
{
	return length == ID_LENGTH && strspn(text, "0123456789abcdef") >= ID_LENGTH;
}

/* Returns whether a component of a path has a form, and where its name is. */
static bool has_form(const struct form *form, const char *component, size_t length, const char **name,
		     size_t *name_length)
{
	const char *after = form->after;
	const size_t before = strlen(form->before);

	if (after == NULL)
		after = ends_with(component, length, ".scope") ? ".scope" : "";
	if (length <= before + strlen(after) || memcmp(component, form->before, before) != 0 ||
	    !ends_with(component, length, after))
		return false;
	*name = component + before;
	*name_length = length - before - strlen(after);
	return !form->has_id || is_id(*name, *name_length);
}

static void write_name(const struct form *form, const char *name, size_t length, char *out, size_t size)
{
	char unescaped[UNIT_NAME_SIZE];

	if (form->has_id)
		snprintf(out, size, "%s %.*s", form->engine, ID_SHOWN, name);
	else if (unit_name_unescape(unescaped, name, length))
		snprintf(out, size, "%s %s", form->engine, unescaped);
	else
		snprintf(out, size, "%s %.*s", form->engine, (int)length, name);
}

static bool write_component(const char *component, size_t length, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *name = NULL;
		size_t name_length = 0;

		if (!has_form(&forms[i], component, length, &name, &name_length))
			continue;
		write_name(&forms[i], name, name_length, out, size);
		return true;
	}
	return false;
}

/* The outermost container counts: it is the one that this host knows. */
bool container_write_name(const char *path, char *name, size_t size)
{
	const char *parent = "";

	for (const char *component = path + strspn(path, "/"); *component != '\0';) {
		const size_t length = strcspn(component, "/");

		if (strcmp(parent, "docker") == 0 && is_id(component, length)) {
			snprintf(name, size, "docker %.*s", ID_SHOWN, component);
			return true;
		}
		if (write_component(component, length, name, size))
			return true;
		parent = length == strlen("docker") && memcmp(component, "docker", length) == 0 ? "docker" : "";
		component += length;
		component += strspn(component, "/");
	}
	*name = '\0';
	return false;
}

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
