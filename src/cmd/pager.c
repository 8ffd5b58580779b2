/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/pager.h"

#include "cmd/style.h"
#include "util/boolean.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>
#include <unistd.h>

enum {
	WORDS_MAX = 32, /* of a pager's command line */
	COPY_SIZE = 4096,
};

/* How the environment wants it. */
struct choice {
	char *command;	 /* words, for free(), or NULL */
	bool is_off;	 /* an empty command, or "cat" */
	bool is_secure;	 /* less's secure mode */
	bool is_trusted; /* PATH and the command may be used */
};

static struct {
	pid_t pid; /* 0: there is none */
	int stdout_fd;
	int stderr_fd; /* -1: it was left alone */
} pager;

static bool user_owns_session(void)
{
	uid_t owner = 0;

	return sd_pid_get_owner_uid(0, &owner) >= 0 && owner == geteuid();
}

static struct choice read_choice(void)
{
	const char *secure = secure_getenv("SYSTEMD_PAGERSECURE");
	const char *command = getenv("SYSTEMD_PAGER");
	struct choice choice = {.is_secure = true, .is_trusted = secure != NULL};

	if (command == NULL)
		command = getenv("PAGER");
	if (secure == NULL) {
		choice.is_secure = !user_owns_session();
		choice.is_trusted = !choice.is_secure;
	} else {
		boolean_parse(secure, &choice.is_secure);
	}
	if (command != NULL) {
		choice.is_off = command[strspn(command, " \t\n")] == '\0' || strcmp(command, "cat") == 0;
		choice.command = strdup(command);
	}
	return choice;
}

/* As the shell does it but for quotes, which systemd's pagers have not either. */
static void run_command(char *command)
{
	char *words[WORDS_MAX + 1];
	char *rest = NULL;
	size_t count = 0;

	for (char *word = strtok_r(command, " \t\n", &rest); word != NULL && count < WORDS_MAX;
	     word = strtok_r(NULL, " \t\n", &rest))
		words[count++] = word;
	words[count] = NULL;
	if (count > 0)
		execvp(words[0], words);
}

/* What is set for less does no harm to others. */
static void set_environment(const struct choice *choice, bool has_unicode)
{
	const char *options = getenv("SYSTEMD_LESS");
	const char *charset = getenv("SYSTEMD_LESSCHARSET");

	/* without systemctl's S: where less chops lines, it stays open (F) even if all of them fit on the screen */
	setenv("LESS", options != NULL ? options : "FRXMK", 1);
	if (charset == NULL && has_unicode)
		charset = "utf-8";
	if (charset != NULL)
		setenv("LESSCHARSET", charset, 1);
	if (!choice->is_secure) {
		unsetenv("LESSSECURE");
		return;
	}
	setenv("LESSSECURE", "1", 1);
	unsetenv("LESSSECURE_ALLOW"); /* takes parts of it back, since less 643 */
}

static void copy(void)
{
	char text[COPY_SIZE];
	ssize_t got = 0;

	while ((got = read(STDIN_FILENO, text, sizeof(text))) > 0) {
		for (ssize_t done = 0, now = 0; done < got; done += now) {
			now = write(STDOUT_FILENO, text + done, (size_t)(got - done));
			if (now < 0)
				return;
		}
	}
}

static void run_pager(const struct choice *choice, bool has_unicode, pid_t parent)
{
	/* it must not sit there with nobody to feed it */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	set_environment(choice, has_unicode);
	if (!choice->is_trusted) {
		execl("/usr/bin/less", "less", (char *)NULL);
		execl("/bin/less", "less", (char *)NULL);
	} else {
		if (choice->command != NULL)
			run_command(choice->command);
		if (!choice->is_secure)
			execlp("pager", "pager", (char *)NULL);
		execlp("less", "less", (char *)NULL);
		if (!choice->is_secure)
			execlp("more", "more", (char *)NULL);
	}
	copy();
	_exit(EXIT_SUCCESS);
}

/* Without the option K, less takes Ctrl-C for itself. */
static void ignore_signals(void)
{
	const char *options = getenv("SYSTEMD_LESS");

	/* a user who leaves the pager early has seen enough; that is no reason to end with a signal */
	signal(SIGPIPE, SIG_IGN);
	if (options != NULL && strchr(options, 'K') == NULL)
		signal(SIGINT, SIG_IGN);
}

/* Makes a standard stream end in the pager. Returns a copy of what it was, or -1. */
static int redirect(int fd, int target)
{
	int copy_of_it = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (copy_of_it >= 0)
		dup2(target, fd);
	return copy_of_it;
}

static void restore(FILE *stream, int copy_of_it)
{
	if (copy_of_it < 0)
		return;
	fflush(stream);
	clearerr(stream); /* of the pipe: the user has seen enough */
	dup2(copy_of_it, fileno(stream));
	close(copy_of_it);
}

static void start(const struct choice *choice, bool has_unicode)
{
	int ends[2];
	pid_t parent = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	fflush(stdout);
	pager.pid = fork();
	if (pager.pid == 0) {
		dup2(ends[0], STDIN_FILENO);
		run_pager(choice, has_unicode, parent);
	}
	if (pager.pid > 0) {
		ignore_signals();
		pager.stdout_fd = redirect(STDOUT_FILENO, ends[1]);
		pager.stderr_fd = isatty(STDERR_FILENO) == 1 ? redirect(STDERR_FILENO, ends[1]) : -1;
	} else {
		pager.pid = 0;
	}
	close(ends[0]);
	close(ends[1]);
}

void pager_open(const struct arguments *arguments)
{
	const char *terminal = getenv("TERM");
	struct choice choice;
	struct style style;

	if (arguments->no_pager || pager.pid != 0 || isatty(STDOUT_FILENO) != 1 || terminal == NULL ||
	    strcmp(terminal, "dumb") == 0)
		return;
	style = style_of_output(arguments); /* decides on colours, while stdout is the terminal */
	choice = read_choice();
	if (!choice.is_off)
		start(&choice, style.has_unicode);
	free(choice.command);
}

void pager_close(void)
{
	if (pager.pid == 0)
		return;
	restore(stdout, pager.stdout_fd);
	restore(stderr, pager.stderr_fd);
	while (waitpid(pager.pid, NULL, 0) < 0 && errno == EINTR)
		;
	pager.pid = 0;
}
