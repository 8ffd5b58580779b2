/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/slice.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

int slice_set(uint64_t nanoseconds)
{
	struct sched_attr attributes = {0};

	/* all attributes are set at once, including the nice value */
	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) < 0)
		return -errno;
	/* this field has another meaning under other policies */
	if (attributes.sched_policy != SCHED_NORMAL && attributes.sched_policy != SCHED_BATCH)
		return -EINVAL;
	attributes.sched_runtime = nanoseconds;
	return syscall(SYS_sched_setattr, 0, &attributes, 0) < 0 ? -errno : 0;
}
