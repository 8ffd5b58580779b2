/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_EXEC_H
#define CGTPROXY_DESKTOP_EXEC_H

/* Parsing the Exec lines of .desktop files. */

/**
 * Finds the program, after env(1) and its arguments if there are any.
 *
 * Returns its base name, freed by the caller, or NULL if there is none or if out of memory.
 */
char *exec_program(const char *exec);

/** Finds the number of the game that Steam is to run. Returns it, freed by the caller, or NULL as above. */
char *exec_steam_game(const char *exec);

#endif
