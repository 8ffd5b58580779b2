/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/fake_ip.h"

#include "relay/fake_network.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SPARE_LINES = 1024 }; /* that the file may have beyond two for each name */

static const uint64_t retry_time = 60 * USEC_PER_SEC;

TAILQ_HEAD(fake_name_list, fake_name);

struct fake_ip {
	struct network ip;
	struct network ip6;
	struct fake_name **names; /* by index; NULL: free */
	uint32_t size;		  /* of that */
	uint32_t free;		  /* none below this one is free */
	size_t count;
	void *by_text;		      /* tsearch(3) of struct fake_name */
	struct fake_name_list unheld; /* the one that was used last is the last */
	bool has_file;
	struct fake_ip_file file;
	bool is_failing;    /* the file can't be written, which has been said */
	uint64_t retry;	    /* when that is tried again */
	uint64_t read_time; /* when the file was read */
};

static int compare_texts(const void *one, const void *other)
{
	return strcmp(((const struct fake_name *)one)->text, ((const struct fake_name *)other)->text);
}

static struct fake_name *new_name(const char *text)
{
	const size_t size = strlen(text) + 1;
	struct fake_name *name = calloc(1, sizeof(*name) + size);

	if (name != NULL)
		memcpy(name->text, text, size);
	return name;
}

static struct fake_name *find_text(const struct fake_ip *map, const struct fake_name *key)
{
	struct fake_name *const *found = tfind(key, &map->by_text, compare_texts);

	return found != NULL ? *found : NULL;
}

/* Has a name lose its addresses. */
static void remove_name(struct fake_ip *map, struct fake_name *name)
{
	tdelete(name, &map->by_text, compare_texts);
	TAILQ_REMOVE(&map->unheld, name, entry);
	map->names[name->index] = NULL;
	map->count--;
	free(name);
}

/* Gives a name that is in the tree already the addresses of an index that is free. */
static void add_name(struct fake_ip *map, struct fake_name *name, uint32_t index)
{
	name->index = index;
	map->names[index] = name;
	map->count++;
	TAILQ_INSERT_TAIL(&map->unheld, name, entry);
}

static void touch(struct fake_ip *map, struct fake_name *name, uint64_t now)
{
	name->used = (int64_t)now;
	if (name->holders > 0)
		return;
	TAILQ_REMOVE(&map->unheld, name, entry);
	TAILQ_INSERT_TAIL(&map->unheld, name, entry);
}

/* Returns an index that is free, taking one from the name that has not been used for longest; or UINT32_MAX. */
static uint32_t free_index(struct fake_ip *map, uint64_t now)
{
	struct fake_name *oldest = TAILQ_FIRST(&map->unheld);
	uint32_t index = UINT32_MAX;

	while (map->free < map->size && map->names[map->free] != NULL)
		map->free++;
	if (map->free < map->size)
		return map->free;
	if (oldest == NULL || (int64_t)now - oldest->used < (int64_t)FAKE_IP_LEASE)
		return UINT32_MAX;
	index = oldest->index;
	remove_name(map, oldest);
	return index;
}

/* Seconds of CLOCK_REALTIME, from CLOCK_MONOTONIC in usec. */
static int64_t to_calendar(int64_t time, uint64_t now)
{
	struct timespec calendar;

	clock_gettime(CLOCK_REALTIME, &calendar);
	return (int64_t)calendar.tv_sec - ((int64_t)now - time) / (int64_t)USEC_PER_SEC;
}

/* The other way round; never later than now. Ages that make no sense are long ages. */
static int64_t from_calendar(int64_t seconds, uint64_t now)
{
	const int64_t longest = INT64_C(100) * 365 * 24 * 3600;
	struct timespec calendar;
	int64_t age = 0;

	clock_gettime(CLOCK_REALTIME, &calendar);
	age = (int64_t)calendar.tv_sec - seconds;
	if (age < 0)
		age = 0;
	return (int64_t)now - (age < longest ? age : longest) * (int64_t)USEC_PER_SEC;
}

struct writing {
	struct fake_ip *map;
	uint64_t now;
};

static void print_name(FILE *out, struct fake_name *name, uint64_t now)
{
	const struct fake_ip_line line = {name->index, to_calendar(name->used, now), name->text};

	fake_ip_file_print(out, &line);
	name->recorded = name->used;
}

/* In the order of their use; those that are held are in use. */
static void write_names(FILE *out, void *data)
{
	const struct writing *writing = data;
	struct fake_ip *map = writing->map;
	struct fake_name *name = NULL;

	TAILQ_FOREACH (name, &map->unheld, entry)
		print_name(out, name, writing->now);
	for (uint32_t i = 0; i < map->size; i++) {
		if (map->names[i] == NULL || map->names[i]->holders == 0)
			continue;
		map->names[i]->used = (int64_t)writing->now;
		print_name(out, map->names[i], writing->now);
	}
}

/* Says once that the file fails, and once that it does no longer. */
static void note_file(struct fake_ip *map, int result, uint64_t now)
{
	if (result < 0 && !map->is_failing)
		log_warning(
			"the names of fake addresses can't be kept in %s (%s); after a restart, clients may connect "
			"to addresses that are not known any more",
			map->file.path, strerror(-result));
	if (result == 0 && map->is_failing)
		log_info("the names of fake addresses are kept in %s again", map->file.path);
	map->is_failing = result < 0;
	map->retry = now + retry_time;
}

static void rewrite(struct fake_ip *map, uint64_t now)
{
	struct writing writing = {map, now};

	note_file(map, fake_ip_file_rewrite(&map->file, map->count, write_names, &writing), now);
}

/* Has the file know when a name was used: at once if it is new, or else often enough for its lease. */
static void record(struct fake_ip *map, struct fake_name *name, bool is_new, uint64_t now)
{
	struct fake_ip_line line = {.index = name->index, .name = name->text};

	if (!map->has_file || (!is_new && name->used - name->recorded < (int64_t)FAKE_IP_LEASE / 2))
		return;
	if (map->is_failing) {
		if (now >= map->retry)
			rewrite(map, now);
		return;
	}
	if (map->file.lines > 2 * (size_t)map->size + SPARE_LINES) {
		rewrite(map, now);
		return;
	}
	line.time = to_calendar(name->used, now);
	name->recorded = name->used;
	if (fake_ip_file_append(&map->file, &line) < 0)
		rewrite(map, now);
}

int fake_ip_take(struct fake_ip *map, const char *text, uint64_t now, struct fake_name **found)
{
	struct fake_name *name = new_name(text);
	struct fake_name *known = NULL;
	uint32_t index = 0;

	if (name == NULL)
		return -ENOMEM;
	known = find_text(map, name);
	if (known != NULL) {
		free(name);
		touch(map, known, now);
		record(map, known, false, now);
		*found = known;
		return 0;
	}
	index = free_index(map, now);
	if (index == UINT32_MAX || tsearch(name, &map->by_text, compare_texts) == NULL) {
		free(name);
		return index == UINT32_MAX ? -EBUSY : -ENOMEM;
	}
	add_name(map, name, index);
	touch(map, name, now);
	record(map, name, true, now);
	*found = name;
	return 0;
}

bool fake_ip_covers(const struct fake_ip *map, const struct endpoint *endpoint)
{
	return fake_network_covers(endpoint->family == AF_INET ? &map->ip : &map->ip6, endpoint);
}

struct fake_name *fake_ip_find(const struct fake_ip *map, const struct endpoint *endpoint)
{
	uint32_t index = 0;

	if (!fake_network_index(endpoint->family == AF_INET ? &map->ip : &map->ip6, endpoint, &index))
		return NULL;
	return index < map->size ? map->names[index] : NULL;
}

bool fake_ip_address(const struct fake_ip *map, const struct fake_name *name, int family, struct endpoint *endpoint)
{
	const struct network *network = family == AF_INET ? &map->ip : &map->ip6;

	if (network->prefix == 0)
		return false;
	fake_network_address(network, name->index, endpoint);
	return true;
}

void fake_ip_hold(struct fake_ip *map, struct fake_name *name, uint64_t now)
{
	touch(map, name, now);
	record(map, name, false, now);
	if (name->holders++ == 0)
		TAILQ_REMOVE(&map->unheld, name, entry);
}

void fake_ip_release(struct fake_ip *map, struct fake_name *name, uint64_t now)
{
	name->used = (int64_t)now;
	if (--name->holders == 0)
		TAILQ_INSERT_TAIL(&map->unheld, name, entry);
	record(map, name, false, now);
}

size_t fake_ip_count(const struct fake_ip *map)
{
	return map->count;
}

/* A line of the file; later lines replace earlier ones. */
static bool read_name(const struct fake_ip_line *line, void *data)
{
	struct fake_ip *map = data;
	struct fake_name *name = NULL;
	struct fake_name *known = NULL;

	if (line->index >= map->size)
		return false;
	name = new_name(line->name);
	if (name == NULL)
		return false;
	known = find_text(map, name);
	if (known != NULL)
		remove_name(map, known);
	if (map->names[line->index] != NULL)
		remove_name(map, map->names[line->index]);
	if (tsearch(name, &map->by_text, compare_texts) == NULL) {
		free(name);
		return false;
	}
	/* it may have been used again before that had to be recorded */
	name->used = from_calendar(line->time, map->read_time) + (int64_t)FAKE_IP_LEASE / 2;
	if (name->used > (int64_t)map->read_time)
		name->used = (int64_t)map->read_time;
	add_name(map, name, line->index);
	return true;
}

static void read_file(struct fake_ip *map)
{
	struct fake_ip_content content;
	const int result = fake_ip_file_read(&map->file, read_name, map, &content);

	if (result < 0)
		log_warning("%s can't be read (%s); fake addresses that clients remember are not known any more",
			    map->file.path, strerror(-result));
	else if (content.is_other)
		log_warning("%s is damaged, or for other networks, and is written anew; fake addresses that clients "
			    "remember are not known any more",
			    map->file.path);
	else if (content.damaged > 0)
		log_warning("%zu of %zu lines of %s are damaged and were ignored", content.damaged, content.lines,
			    map->file.path);
}

static int open_file(struct fake_ip *map, const char *path, uint64_t now)
{
	char heading[FAKE_IP_LINE_SIZE];
	int result = 0;

	fake_network_heading(&map->ip, &map->ip6, heading, sizeof(heading));
	result = fake_ip_file_init(&map->file, path, heading);
	if (result < 0)
		return result;
	map->has_file = true;
	map->read_time = now;
	read_file(map);
	rewrite(map, now);
	return 0;
}

void fake_ip_defaults(struct fake_ip_options *options)
{
	*options = (struct fake_ip_options){
		.ip = {.family = AF_INET, .prefix = 15},
		.ip6 = {.family = AF_INET6, .prefix = 18},
		.names_max = FAKE_IP_NAMES_DEFAULT,
	};
	options->ip.ip.s_addr = htonl(UINT32_C(198) << 24 | UINT32_C(18) << 16);
	options->ip6.ip6.s6_addr[0] = 0xfc;
}

struct fake_ip *fake_ip_new(const struct fake_ip_options *options, uint64_t now, struct error *error)
{
	const uint32_t size = fake_network_size(&options->ip, &options->ip6, options->names_max);
	struct fake_ip *map = NULL;

	if (size == 0) {
		error_set(error, -EINVAL, "the networks of fake addresses have no address for a name");
		return NULL;
	}
	map = calloc(1, sizeof(*map));
	if (map != NULL) {
		map->names = calloc(size, sizeof(struct fake_name *));
		TAILQ_INIT(&map->unheld);
		map->ip = options->ip;
		map->ip6 = options->ip6;
		map->size = size;
	}
	if (map == NULL || map->names == NULL || (options->file != NULL && open_file(map, options->file, now) < 0)) {
		error_set(error, -ENOMEM, "out of memory");
		free(map != NULL ? map->names : NULL);
		free(map);
		return NULL;
	}
	return map;
}

void fake_ip_free(struct fake_ip *map, uint64_t now)
{
	if (map->has_file) {
		rewrite(map, now);
		fake_ip_file_close(&map->file);
	}
	for (uint32_t i = 0; i < map->size; i++) {
		if (map->names[i] == NULL)
			continue;
		tdelete(map->names[i], &map->by_text, compare_texts);
		free(map->names[i]);
	}
	free(map->names);
	free(map);
}
