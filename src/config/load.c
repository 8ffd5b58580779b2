/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/load.h"

#include "config/file.h"
#include "config/gateway.h"
#include "config/keys.h"
#include "config/relay.h"
#include "config/section.h"
#include "config/value.h"
#include "config/yaml.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/sudo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RULE_PRIORITY_MAX = 32765 }; /* the kernel's rule for the table main is at 32766 */

/* How much of a config is read. */
enum part {
	PART_ALL,
	PART_PROXIES, /* everything but rules, and what is for these */
};

struct config_reader {
	struct config config;
	/* read last, since they name proxies */
	struct fy_node *rules;
	struct fy_node *gateway;
	bool has_version;
};

static bool read_version(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct config_reader *reader = out;

	reader->has_version = true;
	return yaml_text_is(node, "1") || yaml_expected(node, key->name, _("1, the only version"), diagnostics);
}

static bool read_cgroup_root(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *path = NULL;
	char **root = out;

	if (!value_string(node, key, &path, diagnostics))
		return false;
	if (strcmp(path, "AUTO") == 0)
		return true;
	if (*path != '/' || strlen(path) >= PATH_MAX)
		return yaml_expected(node, key->name, _("AUTO or the absolute path of the cgroup2 mount"), diagnostics);
	*root = path;
	path = NULL;
	return true;
}

static bool read_route_table(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	uint32_t table = 0;

	if (!value_number(node, key, &table, diagnostics))
		return false;
	/* our "local default" there would deliver all of the host's traffic to itself */
	if (table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL || table == RT_TABLE_DEFAULT) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: %" PRIu32 " is one of the kernel's own tables (253 default, 254 main, 255 local); choose "
			 "one that nothing else uses, like 300",
			 key->name, table);
		return false;
	}
	*(uint32_t *)out = table;
	return true;
}

struct bypass_reader {
	struct config *config;
	size_t capacity;
	const struct key *key;
};

static void read_network(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct bypass_reader *reader = userdata;
	struct config *config = reader->config;
	struct network *networks =
		array_reserve(config->bypass, &reader->capacity, config->bypass_count + 1, sizeof(*networks));

	if (networks == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read the bypass list");
		return;
	}
	config->bypass = networks;
	if (value_network(node, reader->key, &networks[config->bypass_count], diagnostics))
		config->bypass_count++;
}

static bool read_bypass(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct bypass_reader reader = {.config = out, .key = key};

	return yaml_read_list(node, key->name, read_network, diagnostics, &reader);
}

static bool keep_node(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct fy_node **kept = out;

	(void)key;
	(void)diagnostics;
	*kept = node;
	return true;
}

/* They are forwarded for, as by a gateway. */
static bool read_containers(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct config *config = out;

	if (!value_bool(node, key, &config->containers, diagnostics))
		return false;
	config->gateway.enabled = config->containers;
	config->gateway.position = yaml_position(node);
	return true;
}

static const struct key_word on_stop_words[] = {{"clear", ON_STOP_CLEAR}, {"keep", ON_STOP_KEEP}, {0}};

const struct key config_keys[] = {
	{"version", read_version, .needs_value = true, .form = FORM_VERSION,
	 .about = "The format of this file; 1 is the only one"},
	{"cgroup-root", read_cgroup_root, offsetof(struct config_reader, config.cgroup_root), .form = FORM_MOUNT,
	 .about = "The mount point of the cgroup2 file system; AUTO finds it"},
	{"route-table", read_route_table, offsetof(struct config_reader, config.route_table), .least = 1,
	 .most = UINT32_MAX, .form = FORM_TABLE,
	 .about = "The routing table that leads marked packets to the loopback interface; nothing else may use it"},
	{"rule-priority", value_number, offsetof(struct config_reader, config.rule_priority), .least = 1,
	 .most = RULE_PRIORITY_MAX, .form = FORM_NUMBER,
	 .about = "The priority of the policy rules, as long as no other program's rule comes before them"},
	{"strict", value_bool, offsetof(struct config_reader, config.strict), .form = FORM_BOOL,
	 .about = "Refuse a new cgroup's traffic until its rule is in force"},
	{"on-stop", value_word, offsetof(struct config_reader, config.on_stop), .words = on_stop_words,
	 .form = FORM_WORD, .about = "What a clean stop leaves in force: clear, nothing; keep, everything"},
	{"bypass", read_bypass, offsetof(struct config_reader, config), .form = FORM_NETWORKS,
	 .about = "Destinations to which no traffic is proxied or dropped, whatever the rules say"},
	{"bypass-local", value_bool, offsetof(struct config_reader, config.bypass_local), .form = FORM_BOOL,
	 .about = "Whether traffic to this host's own addresses is left alone"},
	{"tproxies", read_proxies, offsetof(struct config_reader, config), .form = FORM_PROXIES, .keys = proxy_keys,
	 .about = "The proxy servers that accept TPROXY connections, by the names that rules use"},
	{"rules", keep_node, offsetof(struct config_reader, rules), .form = FORM_RULES, .keys = rule_keys,
	 .about = "Which cgroups go where; the first rule that matches counts"},
	{"containers", read_containers, offsetof(struct config_reader, config), .form = FORM_BOOL,
	 .about = "Whether a rule for a container's cgroup covers the container when it has a network of its own"},
	{"gateway", keep_node, offsetof(struct config_reader, gateway), .form = FORM_MAP, .keys = gateway_keys,
	 .about = "Where the traffic goes that this host forwards for others"},
	{0},
};

static void read_root(struct fy_node *root, enum part part, struct config *config, struct diagnostics *diagnostics)
{
	struct config_reader reader = {.config = *config};
	const struct position start = {1, 1};
	bool is_map = keys_read(root, _("the config"), config_keys, &reader, diagnostics);

	*config = reader.config;
	if (!is_map)
		return;
	if (!reader.has_version)
		diagnose(diagnostics, SEVERITY_ERROR, start, "the line \"version: 1\" is missing");
	check_marks(config, diagnostics);
	check_ports(config, diagnostics);
	check_fake_networks(config, diagnostics);
	if (part == PART_PROXIES)
		return;
	if (reader.rules != NULL)
		read_rules(reader.rules, config, diagnostics);
	read_gateway(reader.gateway, config, diagnostics);
}

static int parse(const char *text, size_t length, enum part part, struct config **config,
		 struct diagnostics *diagnostics)
{
	CLEANUP(config_freep) struct config *read = calloc(1, sizeof(*read));
	struct fy_document *document = NULL;

	if (read == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read it");
		return -EINVAL;
	}
	/* the clock that files' times are of; that of time(2) is some milliseconds late */
	clock_gettime(CLOCK_REALTIME, &read->loaded);
	read->bypass_local = true;
	read->route_table = ROUTE_TABLE_DEFAULT;
	read->rule_priority = RULE_PRIORITY_DEFAULT;
	read->gateway.mark = (struct fwmark){GATEWAY_MARK_DEFAULT, UINT32_MAX};
	document = yaml_parse(text, length, diagnostics);
	if (document != NULL)
		read_root(yaml_root(document), part, read, diagnostics);
	else if (!diagnostics->has_error)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "the file is empty; a config starts with \"version: 1\"");
	yaml_free(document);
	diagnostics_sort(diagnostics);
	if (diagnostics->has_error)
		return -EINVAL;
	*config = read;
	read = NULL;
	return 0;
}

int config_parse(const char *text, size_t length, struct config **config, struct diagnostics *diagnostics)
{
	return parse(text, length, PART_ALL, config, diagnostics);
}

char *config_default_path(void)
{
	const char *directory = getenv("CONFIGURATION_DIRECTORY");
	char *path = NULL;

	if (directory == NULL || *directory == '\0')
		directory = CONFIG_DEFAULT_DIRECTORY;
	/* systemd.exec(5): several directories are separated by colons */
	if (asprintf(&path, "%.*s/" CONFIG_FILE_NAME, (int)strcspn(directory, ":"), directory) < 0)
		return NULL;
	return path;
}

/*
 * Doesn't follow a link to the file itself, since drop-ins are beside the link. A pipe, for example, has no path; NULL
 * would mean the built-in config.
 */
static char *absolute_path(const char *directory, const char *chosen)
{
	CLEANUP(freep) char *whole = realpath(directory, NULL);
	char *path = NULL;

	if (whole == NULL || asprintf(&path, "%s/%s", strcmp(whole, "/") == 0 ? "" : whole, basename(chosen)) < 0)
		return strdup(chosen);
	return path;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int load_file(const char *directory, const char *chosen, bool is_default, enum part part, struct config **config,
		     struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *text = NULL;
	size_t length = 0;
	int error = file_read(AT_FDCWD, chosen, &text, &length);

	if (error == -ENOENT && is_default) {
		diagnose(diagnostics, SEVERITY_WARNING, (struct position){0},
			 "no such file; using the built-in default config, in which every cgroup goes direct. "
			 "\"%scgtproxy init\" writes one",
			 sudo_prefix());
		return parse(config_default, strlen(config_default), part, config, diagnostics);
	}
	if (error < 0) {
		file_report_unreadable(diagnostics, _("can't read the config file"), chosen, error);
		return error;
	}
	error = parse(text, length, part, config, diagnostics);
	if (error < 0)
		return error;
	(*config)->file = absolute_path(directory, chosen);
	return (*config)->file != NULL ? 0 : -ENOMEM;
}

static int load(const char *chosen, bool is_default, enum part part, const struct dropin_text *instead,
		struct config **config, struct diagnostics *diagnostics)
{
	CLEANUP(config_freep) struct config *read = NULL;
	CLEANUP(freep) char *directory = directory_of(chosen);
	int error = directory != NULL ? diagnostics_begin_file(diagnostics, chosen) : -ENOMEM;
	struct config_files files;

	/* before they are read: what is changed meanwhile has another version */
	config_files_look(chosen, &files);
	if (error == 0)
		error = load_file(directory, chosen, is_default, part, &read, diagnostics);
	if (error == 0 && part == PART_ALL)
		error = dropins_load(directory, instead, read, diagnostics);
	if (error == 0 && part == PART_ALL)
		error = relay_add_rule(read);
	diagnostics_sort(diagnostics);
	if (error == 0 && diagnostics->has_error)
		error = -EINVAL;
	if (error < 0 && !diagnostics->has_error)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read the config");
	if (error != 0)
		return error;
	read->version = files.version;
	*config = read;
	read = NULL;
	return 0;
}

int config_load(const char *path, struct config **config, struct diagnostics *diagnostics)
{
	return config_load_changed(path, NULL, config, diagnostics);
}

static int load_part(const char *path, enum part part, const struct dropin_text *instead, struct config **config,
		     struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *chosen = path != NULL ? strdup(path) : config_default_path();

	if (chosen != NULL)
		return load(chosen, path == NULL, part, instead, config, diagnostics);
	diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read the config");
	return -ENOMEM;
}

int config_load_changed(const char *path, const struct dropin_text *instead, struct config **config,
			struct diagnostics *diagnostics)
{
	return load_part(path, PART_ALL, instead, config, diagnostics);
}

int config_load_proxies(const char *path, struct config **config, struct diagnostics *diagnostics)
{
	return load_part(path, PART_PROXIES, NULL, config, diagnostics);
}

char *config_directory(const char *path)
{
	CLEANUP(freep) char *chosen = path != NULL ? strdup(path) : config_default_path();

	return chosen != NULL ? directory_of(chosen) : NULL;
}

void config_files_look(const char *path, struct config_files *files)
{
	CLEANUP(freep) char *directory = directory_of(path);

	config_files_begin(files);
	config_files_add(files, AT_FDCWD, path, "");
	if (directory != NULL)
		dropins_look(directory, files);
}

bool config_has_changed(const char *path, time_t loaded, uint32_t version)
{
	struct config_files files;

	config_files_look(path, &files);
	return version != 0 ? files.version != version : files.changed > loaded;
}
