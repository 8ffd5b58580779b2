/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/config.h"

#include "config/section.h"
#include "config/value.h"
#include "config/yaml.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_DIRECTORY "/etc/cgtproxy"
#define FILE_NAME "config.yaml"

enum { RULE_PRIORITY_MAX = 32765 }; /* the kernel's own rule for the table main has 32766 */

struct config_reader {
	struct config *config;
	size_t bypass_capacity;
	struct fy_node *rules; /* read last, since they name proxies */
	bool has_version;
};

static void read_version(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;
	size_t length = 0;
	const char *text = yaml_text(node, &length);
	char shown[YAML_SHOWN_SIZE];

	reader->has_version = true;
	if (text == NULL || length != 1 || *text != '1')
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "version: expected 1, the only one there is, got %s", yaml_show(node, shown));
}

static void read_cgroup_root(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;
	char shown[YAML_SHOWN_SIZE];
	char **root = &reader->config->cgroup_root;

	if (yaml_is_null(node) || !value_string(node, "cgroup-root", root, diagnostics))
		return;
	if (strcmp(*root, "AUTO") == 0) {
		free(*root);
		*root = NULL;
	} else if (**root != '/' || strlen(*root) >= PATH_MAX) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "cgroup-root: expected AUTO or the absolute path of the cgroup2 mount, got %s",
			 yaml_show(node, shown));
	}
}

static void read_route_table(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;
	uint32_t table = 0;

	if (yaml_is_null(node) || !value_number(node, "route-table", 1, UINT32_MAX, &table, diagnostics))
		return;
	/* our "local default" there would turn all of the host's traffic back to itself */
	if (table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL || table == RT_TABLE_DEFAULT)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "route-table: %" PRIu32
			 " is one of the kernel's own tables (253 default, 254 main, 255 local); choose "
			 "one that nothing else uses, like 300",
			 table);
	reader->config->route_table = table;
}

static void read_rule_priority(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;

	if (!yaml_is_null(node))
		value_number(node, "rule-priority", 1, RULE_PRIORITY_MAX, &reader->config->rule_priority, diagnostics);
}

static void read_strict(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;

	if (!yaml_is_null(node))
		value_bool(node, "strict", &reader->config->strict, diagnostics);
}

static void read_on_stop(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	static const struct value_word words[] = {{"clear", ON_STOP_CLEAR}, {"keep", ON_STOP_KEEP}, {0}};
	struct config_reader *reader = userdata;
	int chosen = 0;

	if (!yaml_is_null(node) && value_word(node, "on-stop", words, &chosen, diagnostics))
		reader->config->on_stop = (enum on_stop)chosen;
}

static void read_bypass_item(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;
	struct config *config = reader->config;
	struct network *networks =
		array_reserve(config->bypass, &reader->bypass_capacity, config->bypass_count + 1, sizeof(*networks));

	if (networks == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read the list of bypass");
		return;
	}
	config->bypass = networks;
	if (value_network(node, "bypass", &networks[config->bypass_count], diagnostics))
		config->bypass_count++;
}

static void read_bypass(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	if (!yaml_is_null(node))
		yaml_read_list(node, "bypass", read_bypass_item, diagnostics, userdata);
}

static void read_bypass_local(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;

	if (!yaml_is_null(node))
		value_bool(node, "bypass-local", &reader->config->bypass_local, diagnostics);
}

static void read_tproxies(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;

	if (!yaml_is_null(node))
		read_proxies(node, reader->config, diagnostics);
}

static void keep_rules(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct config_reader *reader = userdata;

	(void)diagnostics;
	if (!yaml_is_null(node))
		reader->rules = node;
}

static void read_root(struct fy_node *root, struct config *config, struct diagnostics *diagnostics)
{
	static const struct yaml_key keys[] = {
		{"version", read_version},
		{"cgroup-root", read_cgroup_root},
		{"route-table", read_route_table},
		{"rule-priority", read_rule_priority},
		{"strict", read_strict},
		{"on-stop", read_on_stop},
		{"bypass", read_bypass},
		{"bypass-local", read_bypass_local},
		{"tproxies", read_tproxies},
		{"rules", keep_rules},
		{0},
	};
	struct config_reader reader = {.config = config};

	if (!yaml_read_map(root, "the config", keys, diagnostics, &reader))
		return;
	if (!reader.has_version)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){1, 1}, "the line \"version: 1\" is missing");
	check_marks(config, diagnostics);
	if (reader.rules != NULL)
		read_rules(reader.rules, config, diagnostics);
}

int config_parse(const char *text, size_t length, struct config **config, struct diagnostics *diagnostics)
{
	CLEANUP(config_freep) struct config *read = calloc(1, sizeof(*read));
	struct fy_document *document = NULL;

	*config = NULL;
	if (read == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read it");
		return -EINVAL;
	}
	read->loaded = time(NULL);
	read->bypass_local = true;
	read->route_table = ROUTE_TABLE_DEFAULT;
	read->rule_priority = RULE_PRIORITY_DEFAULT;
	document = yaml_parse(text, length, diagnostics);
	if (document != NULL)
		read_root(yaml_root(document), read, diagnostics);
	yaml_free(document);
	diagnostics_sort(diagnostics);
	if (diagnostics->has_error)
		return -EINVAL;
	*config = read;
	read = NULL;
	return 0;
}

static char *escaped_copy(const char *text)
{
	size_t length = strlen(text);
	char *copy = malloc(ESCAPED_SIZE(length));

	if (copy != NULL)
		escape(copy, ESCAPED_SIZE(length), text, length);
	return copy;
}

/* A regular file as a whole; other kinds of files need not end. */
static int read_file(const char *path, char **text, size_t *length)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t got = 1;

	*length = 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	*text = malloc(YAML_SIZE_MAX);
	if (*text == NULL)
		return -ENOMEM;
	while (got != 0) {
		if (*length == YAML_SIZE_MAX)
			return -EFBIG;
		got = read(fd, *text + *length, YAML_SIZE_MAX - *length);
		if (got < 0 && errno != EINTR)
			return -errno;
		*length += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static char *default_path(void)
{
	const char *directory = getenv("CONFIGURATION_DIRECTORY");
	char *path = NULL;

	if (directory == NULL || *directory == '\0')
		directory = DEFAULT_DIRECTORY;
	/* systemd.exec(5): several directories are separated by colons */
	if (asprintf(&path, "%.*s/" FILE_NAME, (int)strcspn(directory, ":"), directory) < 0)
		return NULL;
	return path;
}

int config_load(const char *path, struct config **config, struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *chosen = path != NULL ? strdup(path) : default_path();
	CLEANUP(freep) char *text = NULL;
	size_t length = 0;
	int error = 0;

	*config = NULL;
	diagnostics->file = chosen != NULL ? escaped_copy(chosen) : NULL;
	if (diagnostics->file == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read the config");
		return -ENOMEM;
	}
	error = read_file(chosen, &text, &length);
	if (error == -ENOENT && path == NULL) {
		diagnose(diagnostics, SEVERITY_WARNING, (struct position){0},
			 "there is no such file, so the built-in default config is used, in which every cgroup goes "
			 "direct");
		return config_parse(config_default, strlen(config_default), config, diagnostics);
	}
	if (error < 0) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "can't read the config file: %s",
			 error == -EFBIG ? "it is larger than 4 MiB" : strerror(-error));
		return error;
	}
	error = config_parse(text, length, config, diagnostics);
	if (*config != NULL)
		(*config)->file = realpath(chosen, NULL);
	return error;
}

const char *config_target_name(const struct config *config, uint32_t target)
{
	if (target == TARGET_DIRECT)
		return "direct";
	if (target == TARGET_DROP)
		return "drop";
	if (target == TARGET_REFUSE)
		return "refuse";
	return config->proxies[target - TARGET_FIRST_PROXY].name;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->proxy_count; i++)
		free(config->proxies[i].name);
	for (size_t i = 0; i < config->rule_count; i++)
		rule_clear(&config->rules[i]);
	free(config->file);
	free(config->proxies);
	free(config->rules);
	free(config->bypass);
	free(config->cgroup_root);
	free(config);
}
