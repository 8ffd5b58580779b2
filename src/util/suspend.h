/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_SUSPEND_H
#define CGTPROXY_UTIL_SUSPEND_H

/**
 * Stops the process as Ctrl-Z does, until it is continued, for a program that blocks SIGTSTP to give the terminal back
 * first. The kernel ignores the signal where no shell could continue the process (signal(7), orphaned process groups),
 * which is not so for SIGSTOP.
 */
void suspend_process(void);

#endif
