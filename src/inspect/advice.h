/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_ADVICE_H
#define CGTPROXY_INSPECT_ADVICE_H

#include "inspect/report.h"

/**
 * Says in one sentence what to do first if traffic is not to go where a report says that it goes.
 *
 * @advice: set to the sentence, escaped, to be freed with free(); or to NULL if there is nothing to say
 *
 * Returns 0 or -ENOMEM.
 */
int advice_make(const struct question *question, const struct report *report, char **advice);

#endif
