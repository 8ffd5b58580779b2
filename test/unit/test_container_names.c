/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The names of containers that their cgroups' paths tell. */

#include "unit.h"

#include "inspect/container_list.h"
#include "inspect/containers.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_names(void **state)
{
	static const struct {
		const char *path;
		const char *name; /* "": none */
	} cases[] = {
		{"/system.slice/docker-" ID ".scope", "docker 0123456789ab"},
		{"/docker/" ID, "docker 0123456789ab"},
		{"/docker/" ID "/init.scope", "docker 0123456789ab"},
		{"/machine.slice/libpod-" ID ".scope", "podman 0123456789ab"},
		{"/machine.slice/libpod-" ID ".scope/container", "podman 0123456789ab"},
		{"/libpod_parent/libpod-" ID, "podman 0123456789ab"},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-payload-" ID ".scope",
		 "podman 0123456789ab"},
		{"/kubepods.slice/kubepods-pod1_2.slice/cri-containerd-" ID ".scope", "containerd 0123456789ab"},
		{"/kubepods.slice/kubepods-pod1_2.slice/crio-" ID ".scope", "cri-o 0123456789ab"},
		{"/machine.slice/machine-mail\\x2dhost.scope/payload", "machine mail-host"},
		{"/machine.slice/systemd-nspawn@web.service/payload", "machine web"},
		{"/lxc.payload.ci", "lxc ci"},
		/* the host's own */
		{"/", ""},
		{"", ""},
		{"/system.slice/docker.service", ""},
		{"/system.slice/docker-" ID "0.scope", ""},
		{"/system.slice/docker-" ID, ""},
		{"/machine.slice/libpod-conmon-" ID ".scope", ""},
		{"/docker/0123456789ab", ""},
		{"/dockers/" ID, ""},
		{"/machine.slice/machine-.scope", ""},
		{"/system.slice/telegram.service", ""},
		/* of several, the outermost */
		{"/machine.slice/machine-a.scope/payload/docker/" ID, "machine a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char name[CONTAINER_NAME_SIZE] = "?";

		assert_int_equal(container_write_name(cases[i].path, name, sizeof(name)), *cases[i].name != '\0');
		assert_string_equal(name, cases[i].name);
	}
}

/* A name that is no more than allowed is not cut, and any byte may be in it. */
static void test_long_names(void **state)
{
	char path[300] = "/machine-";
	const size_t length = 255 - strlen("machine-.scope");
	char name[CONTAINER_NAME_SIZE];

	(void)state;
	memset(path + strlen("/machine-"), '\xff', length);
	memcpy(path + strlen("/machine-") + length, ".scope", sizeof(".scope"));
	assert_int_equal(strlen(path), 256);
	assert_true(container_write_name(path, name, sizeof(name)));
	assert_int_equal(strlen(name), strlen("machine ") + length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
