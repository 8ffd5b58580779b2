/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/look.h"

#include "cgroup/directory.h"
#include "container/members.h"
#include "container/netns.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The inode number of the first process namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
#define FIRST_PROCESS_NAMESPACE 0xeffffffcU

enum {
	TEXT_SIZE = 4096,
	PIDS_MAX = 512,
	/* asked about: usually, and as long as a container that the cgroup was in is not among the answers */
	ASKED = 8,
	ASKED_AT_MOST = 16,
};

struct pids {
	uint32_t items[PIDS_MAX];
	size_t count;
};

void look_init(struct look *look, int directory)
{
	struct stat namespace;

	look->directory = directory;
	look->sees_all = stat("/proc/self/ns/pid", &namespace) == 0 && namespace.st_ino == FIRST_PROCESS_NAMESPACE;
}

/* The last line may be cut off. */
static void parse_pids(const char *text, size_t length, struct pids *pids)
{
	uint32_t number = 0;

	pids->count = 0;
	for (size_t i = 0; i < length && pids->count < PIDS_MAX; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			number = number * 10 + (uint32_t)(text[i] - '0');
			continue;
		}
		pids->items[pids->count++] = number;
		number = 0;
	}
}

static int read_file(int directory, const char *path, struct pids *pids)
{
	char text[TEXT_SIZE];
	CLEANUP(closep) int fd = openat(directory, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = 0;

	if (fd < 0)
		return -errno;
	do
		length = read(fd, text, sizeof(text));
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	parse_pids(text, (size_t)length, pids);
	return 0;
}

/* In a threaded cgroup only threads can be listed (kernel/cgroup/cgroup.c, cgroup_procs_start). */
static int read_either(int directory, char *path, size_t length, struct pids *pids)
{
	int result = 0;

	memcpy(path + length, "/cgroup.procs", sizeof("/cgroup.procs"));
	result = read_file(directory, path + 1, pids);
	if (result != -EOPNOTSUPP)
		return result;
	memcpy(path + length, "/cgroup.threads", sizeof("/cgroup.threads"));
	return read_file(directory, path + 1, pids);
}

/*
 * By the time that it is opened, the path may be that of another cgroup with the same name. Then ours has vanished,
 * which we will be told.
 */
static int read_pids(struct look *look, const struct cgroup *cgroup, struct pids *pids)
{
	size_t length = cgroup_path(cgroup, look->path);
	CLEANUP(closep) int directory = -1;

	if (length + sizeof("/cgroup.threads") < PATH_MAX)
		return read_either(look->directory, look->path, length, pids);
	directory = cgroup_open_below(look->directory, look->path);
	return directory >= 0 ? read_either(directory, look->path, 0, pids) : directory;
}

struct finding {
	struct known *containers[MEMBER_CONTAINERS_MAX];
	uint8_t count;
	bool is_any; /* an answer was had about a process */
};

static bool has(const struct finding *finding, const struct known *known)
{
	for (uint8_t i = 0; i < finding->count; i++) {
		if (finding->containers[i] == known)
			return true;
	}
	return false;
}

static bool is_confirmed(const struct member *member, const struct finding *finding)
{
	for (uint8_t i = 0; i < member->container_count; i++) {
		if (!has(finding, member->containers[i]))
			return false;
	}
	return true;
}

static void ask_about(struct netlink *asking, const struct model *model, uint32_t pid, struct finding *finding)
{
	struct known *known = NULL;
	int32_t netns = NETNS_NONE;

	if (netns_of_process(asking, pid, &netns) < 0)
		return;
	finding->is_any = true;
	known = netns != NETNS_NONE ? model_find(model, netns) : NULL;
	if (known != NULL && !has(finding, known) && finding->count < MEMBER_CONTAINERS_MAX)
		finding->containers[finding->count++] = known;
}

/*
 * Asks about the oldest and the newest processes in turn. All that a container's runtime starts are in its network, but
 * an administrator's shell may have started a program in that of a container just now.
 */
static void ask(struct netlink *asking, const struct model *model, const struct member *member, const struct pids *pids,
		size_t enough, struct finding *finding)
{
	for (size_t i = 0; i < pids->count && i < ASKED_AT_MOST; i++) {
		const uint32_t pid = pids->items[i % 2 == 0 ? i / 2 : pids->count - 1 - i / 2];

		if (i >= enough && is_confirmed(member, finding))
			return;
		/* 0: a process that can't be seen from our process namespace */
		if (pid != 0)
			ask_about(asking, model, pid, finding);
	}
}

/* What there is no memory for is found again. Returns whether anything has changed. */
static bool settle(struct model *model, struct member *member, const struct finding *finding, uint64_t now)
{
	bool has_changed = false;

	for (uint8_t i = member->container_count; i-- > 0;) {
		if (has(finding, member->containers[i]))
			continue;
		members_leave(model, member, member->containers[i], now);
		has_changed = true;
	}
	for (uint8_t i = 0; i < finding->count; i++) {
		if (!members_have(member, finding->containers[i]) &&
		    members_join(model, member, finding->containers[i], now) == 0)
			has_changed = true;
	}
	return has_changed;
}

/* Where all processes can be seen, the id 0 is that of one which is just ending. */
static void tell_if_hidden(struct look *look, const struct pids *pids)
{
	if (look->sees_all || pids->count == 0 || pids->items[0] != 0)
		return;
	look->sees_all = true;
	log_warning(
		"some processes can't be seen from here, since they are not in cgtproxy's PID namespace: containers "
		"that they are in can't be found by their cgroups");
}

bool look_at(struct look *look, struct netlink *asking, struct model *model, struct member *member, bool is_brief,
	     uint64_t now)
{
	struct finding finding = {0};
	struct pids pids;

	/* of no unit: what prepares a container's network may be there, and would stand for what runs in it later */
	if (member->cgroup->parent == NULL)
		return false;
	pids.count = 0;
	if (read_pids(look, member->cgroup, &pids) < 0)
		return false;
	tell_if_hidden(look, &pids);
	ask(asking, model, member, &pids, is_brief ? 1 : ASKED, &finding);
	return (finding.is_any || pids.count == 0) && settle(model, member, &finding, now);
}
