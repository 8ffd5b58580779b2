/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_EXEC_H
#define CGTPROXY_DESKTOP_EXEC_H

/* What an Exec line of a .desktop file runs. */

/**
 * Finds the program, without its directory; behind env(1) and what that sets, what comes next.
 *
 * Returns its name, for free(), or NULL when there is none, or no memory.
 */
char *exec_program(const char *exec);

/** Finds the number of the game that Steam is to run. Returns it, for free(), or NULL as above. */
char *exec_steam_game(const char *exec);

#endif
