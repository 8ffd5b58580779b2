/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "desktop/keyfile.h"

#include "util/cleanup.h"

#include <dlfcn.h>
#include <glib.h>
#include <string.h>

#define GROUP "Desktop Entry"

struct keyfile {
	GKeyFile *file;
};

/* The functions of GLib, with the types from its headers. */
static struct {
	bool is_tried;
	void *library; /* NULL if it can't be loaded; else it stays loaded */
	__typeof__(&g_key_file_new) new_file;
	__typeof__(&g_key_file_free) free_file;
	__typeof__(&g_key_file_load_from_data) load;
	__typeof__(&g_key_file_get_string) get_string;
	__typeof__(&g_key_file_get_locale_string) get_translated;
	__typeof__(&g_key_file_get_boolean) get_boolean;
	__typeof__(&g_free) free_text;
} glib;

/* dlsym() returns functions as pointers to objects, which C does not convert. */
static bool find(const char *name, void *function)
{
	void *found = dlsym(glib.library, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

bool keyfile_is_available(void)
{
	if (glib.is_tried)
		return glib.library != NULL;
	glib.is_tried = true;
	glib.library = dlopen("libglib-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
	if (glib.library == NULL)
		return false;
	if (find("g_key_file_new", &glib.new_file) && find("g_key_file_free", &glib.free_file) &&
	    find("g_key_file_load_from_data", &glib.load) && find("g_key_file_get_string", &glib.get_string) &&
	    find("g_key_file_get_locale_string", &glib.get_translated) &&
	    find("g_key_file_get_boolean", &glib.get_boolean) && find("g_free", &glib.free_text))
		return true;
	dlclose(glib.library);
	glib.library = NULL;
	return false;
}

struct keyfile *keyfile_read(const char *text, size_t length)
{
	struct keyfile *keyfile = keyfile_is_available() ? malloc(sizeof(*keyfile)) : NULL;

	if (keyfile == NULL)
		return NULL;
	keyfile->file = glib.new_file();
	/* without flags, only translations for the environment's language are kept */
	if (glib.load(keyfile->file, text, length, G_KEY_FILE_NONE, NULL))
		return keyfile;
	keyfile_free(keyfile);
	return NULL;
}

/* Turns a string of GLib's into one of malloc()'s. */
static char *taken(char *value)
{
	char *copy = value != NULL ? strdup(value) : NULL;

	glib.free_text(value);
	return copy;
}

char *keyfile_string(const struct keyfile *keyfile, const char *key)
{
	return taken(glib.get_string(keyfile->file, GROUP, key, NULL));
}

char *keyfile_translated(const struct keyfile *keyfile, const char *key)
{
	return taken(glib.get_translated(keyfile->file, GROUP, key, NULL, NULL));
}

bool keyfile_is_true(const struct keyfile *keyfile, const char *key)
{
	return glib.get_boolean(keyfile->file, GROUP, key, NULL);
}

void keyfile_free(struct keyfile *keyfile)
{
	glib.free_file(keyfile->file);
	free(keyfile);
}
