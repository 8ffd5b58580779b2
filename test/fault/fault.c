/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Makes one call of a program fail; loaded before libc with LD_PRELOAD (ld.so(8)). So the program under test is the
 * real one, and its libraries' calls can fail too: libmnl sends and receives, libsystemd waits.
 *
 *   FAULT=CALL:NTH:ERRNO        the NTH call of CALL fails with ERRNO; with "short" in its place, it reads less
 *   FAULT=CALL@SITE:NTH:ERRNO   likewise, of the calls from one call site, which other calls do not move
 *   FAULT_COUNT=FILE            writes a line "CALL SITE OFFSETS" for each call; together with FAULT only for the one
 *                               that failed, with "!" in front
 *
 * A call site is the chain of the program's own functions that led to the call, without repetitions by recursion, as a
 * number; OFFSETS are their addresses, innermost first, for addr2line(1). Only what happens in main() counts.
 *
 * Built with FAULT_MEMORY, this covers malloc() and its kin too, which a sanitizer would have to itself.
 */

/* The program may use both names of open() and its like, so both are to be defined here, not one under the other's. */
#undef _FILE_OFFSET_BITS

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	NO_FAULT = 0,
	SHORT = -1, /* all other faults are errnos */
	/* a short read of this size still takes an inotify event with the longest name, or the kernel would refuse it
	 */
	SHORT_SIZE = sizeof(struct inotify_event) + 256,
	FRAMES_MAX = 64,
	LINE_SIZE = 1024,
};

static struct {
	bool counting; /* main() runs, and none of this file's functions */
	char call[32];
	uint32_t site; /* 0: any */
	unsigned left; /* so many matching calls until the fault; 0: none, or it is over */
	int fault;
	int trace; /* file descriptor or -1 */
	uintptr_t begin, end, base;
} state = {.trace = -1};

static int (*real_main)(int, char **, char **);

typedef int start_function(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
			   void *);
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): it stands in front of libc's */
start_function __libc_start_main;

static int fault_by_name(const char *name)
{
	static const struct {
		const char *name;
		int fault;
	} faults[] = {
		{"short", SHORT},
		{"EPERM", EPERM},
		{"ENOENT", ENOENT},
		{"EINTR", EINTR},
		{"EIO", EIO},
		{"EAGAIN", EAGAIN},
		{"ENOMEM", ENOMEM},
		{"EACCES", EACCES},
		{"ENODEV", ENODEV},
		{"EINVAL", EINVAL},
		{"ENFILE", ENFILE},
		{"EMFILE", EMFILE},
		{"ENOSPC", ENOSPC},
		{"ENOBUFS", ENOBUFS},
		{"EOPNOTSUPP", EOPNOTSUPP},
		{"EPIPE", EPIPE},
		{"ECONNRESET", ECONNRESET},
		{"ECONNABORTED", ECONNABORTED},
		{"ENOTCONN", ENOTCONN},
		{"ENETUNREACH", ENETUNREACH},
		{"ECONNREFUSED", ECONNREFUSED},
		{"ECONNREFUSED", ECONNREFUSED},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (strcmp(faults[i].name, name) == 0)
			return faults[i].fault;
	}
	fprintf(stderr, "fault: unknown errno %s\n", name);
	_exit(127);
}

static void read_environment(void)
{
	const char *fault = getenv("FAULT");
	const char *count = getenv("FAULT_COUNT");
	char name[16];

	if (fault != NULL) {
		/* NOLINTBEGIN(cert-err34-c): test_fault.py wrote it; a number that does not fit is one that never comes
		 */
		if (sscanf(fault, "%31[a-z0-9_]@%x:%u:%15[A-Za-z0-9]", state.call, &state.site, &state.left, name) !=
			    4 &&
		    sscanf(fault, "%31[a-z0-9_]:%u:%15[A-Za-z0-9]", state.call, &state.left, name) != 3) {
			fprintf(stderr, "fault: FAULT is not CALL[@SITE]:NTH:ERRNO\n");
			_exit(127);
		}
		/* NOLINTEND(cert-err34-c) */
		state.fault = fault_by_name(name);
	}
	if (count != NULL)
		state.trace =
			(int)syscall(SYS_openat, AT_FDCWD, count, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

/* The program comes first in the list of loaded objects. */
static int note_program(struct dl_phdr_info *info, size_t size, void *userdata)
{
	(void)size;
	(void)userdata;
	state.base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X)) {
			state.begin = state.base + segment->p_vaddr;
			state.end = state.begin + segment->p_memsz;
		}
	}
	return 1;
}

static int counted_main(int argc, char **argv, char **environment)
{
	int result = 0;

	state.counting = true;
	result = real_main(argc, argv, environment);
	state.counting = false;
	return result;
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	void *frames[1];

	real_main = main;
	read_environment();
	dl_iterate_phdr(note_program, NULL);
	backtrace(frames, 1); /* the first call loads libgcc and takes memory */
	return ((start_function *)dlsym(RTLD_NEXT, "__libc_start_main"))(counted_main, argc, argv, init, fini,
									 rtld_fini, stack_end);
}

/* Returns the number of the call site, never 0, and writes its offsets. */
static uint32_t find_site(char *text, size_t size)
{
	void *frames[FRAMES_MAX];
	uintptr_t seen[FRAMES_MAX];
	int count = backtrace(frames, FRAMES_MAX);
	int unique = 0;
	size_t used = 0;
	uint32_t site = 2166136261; /* FNV-1a */

	*text = '\0';
	for (int i = 0; i < count; i++) {
		uintptr_t address = (uintptr_t)frames[i];
		bool repeated = false;

		for (int j = 0; j < unique; j++)
			repeated = repeated || seen[j] == address;
		if (address < state.begin || address >= state.end || repeated)
			continue;
		seen[unique++] = address;
		site = (site ^ (uint32_t)(address - state.base)) * 16777619;
		if (used < size)
			/* one byte back, so that it maps to the line of the call and not the next one */
			used += (size_t)snprintf(text + used, size - used, " %#zx", (size_t)(address - state.base - 1));
	}
	return site != 0 ? site : 1;
}

static void trace(const char *call, uint32_t site, const char *offsets, bool fails)
{
	char line[LINE_SIZE + 64];
	int length = snprintf(line, sizeof(line), "%s%s %08x%s\n", fails ? "!" : "", call, site, offsets);

	/* a line that is not written would be missed by who reads the file */
	if (syscall(SYS_write, state.trace, line, (size_t)length) != length)
		_exit(127);
}

/* Called for each call; returns how this one is to fail. */
static int strike(const char *call)
{
	int saved = errno;
	char offsets[LINE_SIZE];
	bool matches = false;
	bool fails = false;
	uint32_t site = 0;

	if (!state.counting || (state.left == 0 && (state.trace < 0 || *state.call != '\0')))
		return NO_FAULT;
	state.counting = false; /* what this calls itself is not counted */
	matches = state.left > 0 && strcmp(call, state.call) == 0;
	if (matches || *state.call == '\0')
		site = find_site(offsets, sizeof(offsets));
	if (matches && (state.site == 0 || state.site == site))
		fails = --state.left == 0;
	if (state.trace >= 0 && (fails || *state.call == '\0'))
		trace(call, site, offsets, fails);
	state.counting = true;
	errno = fails && state.fault > 0 ? state.fault : saved;
	return fails ? state.fault : NO_FAULT;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's begin with underscores */

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(type, failure, name, parameters, arguments)                                                               \
	type name parameters                                                                                           \
	{                                                                                                              \
		return strike(#name) > 0 ? (failure) : NEXT(name) arguments;                                           \
	}

/* clang-format off */
WRAP(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, -1, socketpair, (int domain, int type, int protocol, int pair[2]), (domain, type, protocol, pair))
WRAP(int, -1, bind, (int fd, __CONST_SOCKADDR_ARG address, socklen_t size), (fd, address, size))
WRAP(int, -1, getsockname, (int fd, __SOCKADDR_ARG address, socklen_t *size), (fd, address, size))
WRAP(int, -1, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size))
WRAP(int, -1, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(ssize_t, -1, sendto, (int fd, const void *data, size_t size, int flags, __CONST_SOCKADDR_ARG address,
     socklen_t address_size), (fd, data, size, flags, address, address_size))
WRAP(ssize_t, -1, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
WRAP(ssize_t, -1, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
WRAP(int, -1, accept4, (int fd, __SOCKADDR_ARG address, socklen_t *size, int flags), (fd, address, size, flags))
WRAP(int, -1, connect, (int fd, __CONST_SOCKADDR_ARG address, socklen_t size), (fd, address, size))
WRAP(int, -1, shutdown, (int fd, int how), (fd, how))
WRAP(int, -1, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(ssize_t, -1, splice, (int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size, unsigned flags),
     (from, from_offset, to, to_offset, size, flags))
WRAP(int, -1, inotify_init1, (int flags), (flags))
WRAP(int, -1, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
WRAP(int, -1, inotify_rm_watch, (int fd, int watch), (fd, watch))
WRAP(int, -1, name_to_handle_at, (int directory, const char *path, struct file_handle *handle, int *mount, int flags),
     (directory, path, handle, mount, flags))
WRAP(DIR *, NULL, fdopendir, (int fd), (fd))
WRAP(struct dirent *, NULL, readdir, (DIR *directory), (directory))
WRAP(struct dirent64 *, NULL, readdir64, (DIR *directory), (directory))
WRAP(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, NULL, fopen64, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, NULL, setmntent, (const char *path, const char *mode), (path, mode))
WRAP(int, -1, fstat, (int fd, struct stat *status), (fd, status))
WRAP(int, -1, fstat64, (int fd, struct stat64 *status), (fd, status))
WRAP(int, -1, statfs, (const char *path, struct statfs *status), (path, status))
WRAP(int, -1, statfs64, (const char *path, struct statfs64 *status), (path, status))
WRAP(int, -1, epoll_create1, (int flags), (flags))
WRAP(int, -1, epoll_ctl, (int fd, int operation, int other, struct epoll_event *event), (fd, operation, other, event))
WRAP(int, -1, epoll_wait, (int fd, struct epoll_event *events, int count, int timeout), (fd, events, count, timeout))
WRAP(int, -1, signalfd, (int fd, const sigset_t *signals, int flags), (fd, signals, flags))
WRAP(int, -1, timerfd_create, (clockid_t clock, int flags), (clock, flags))
WRAP(int, -1, timerfd_settime, (int fd, int flags, const struct itimerspec *value, struct itimerspec *old),
     (fd, flags, value, old))
/* clang-format on */

/* O_TMPFILE is not used here, so a mode comes with O_CREAT only. */
#define WRAP_OPEN(name, parameters, arguments)                                                                         \
	int name parameters                                                                                            \
	{                                                                                                              \
		mode_t mode = 0;                                                                                       \
		va_list more;                                                                                          \
                                                                                                                       \
		va_start(more, flags);                                                                                 \
		mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;                                              \
		va_end(more);                                                                                          \
		return strike(#name) > 0 ? -1 : NEXT(name) arguments;                                                  \
	}

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int directory, const char *path, int flags, ...), (directory, path, flags, mode))
WRAP_OPEN(openat64, (int directory, const char *path, int flags, ...), (directory, path, flags, mode))

/* A short read of a file or of a queue of events leaves the rest for the next. */
ssize_t read(int fd, void *data, size_t size)
{
	int fault = strike("read");

	if (fault > 0)
		return -1;
	return NEXT(read)(fd, data, fault == SHORT && size > SHORT_SIZE ? SHORT_SIZE : size);
}

/* A datagram that is cut loses the rest. */
static ssize_t cut(int fault, ssize_t length)
{
	return fault == SHORT && length > 0 ? length / 2 : length;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	int fault = strike("recv");

	return fault > 0 ? -1 : cut(fault, NEXT(recv)(fd, data, size, flags));
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, __SOCKADDR_ARG address, socklen_t *address_size)
{
	int fault = strike("recvfrom");

	return fault > 0 ? -1 : cut(fault, NEXT(recvfrom)(fd, data, size, flags, address, address_size));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	int fault = strike("recvmsg");
	ssize_t length = fault > 0 ? -1 : cut(fault, NEXT(recvmsg)(fd, message, flags));

	if (fault == SHORT)
		message->msg_flags |= MSG_TRUNC;
	return length;
}

#ifdef FAULT_MEMORY

/* dlsym() takes memory itself, so the next function in line is named directly; glibc keeps these for such as this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

/* clang-format off */
#undef NEXT
#define NEXT(name) __libc_##name
WRAP(void *, NULL, malloc, (size_t size), (size))
WRAP(void *, NULL, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, NULL, realloc, (void *memory, size_t size), (memory, size))
/* clang-format on */

void *reallocarray(void *memory, size_t count, size_t size)
{
	size_t whole = 0;

	if (strike("reallocarray") > 0)
		return NULL;
	if (__builtin_mul_overflow(count, size, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(memory, whole);
}

#endif

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
