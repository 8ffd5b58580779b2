/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Selectors against cgroups as desktops, containers and logins make them: each selector matches those named beside it,
 * and no other of the table. */

#include "faults.h"

#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

#define SESSION "/user.slice/user-1000.slice"
#define MANAGER SESSION "/user@1000.service"
#define APPS MANAGER "/app.slice"
#define OTHERS "/user.slice/user-1001.slice/user@1001.service"
#define NSPAWN "/machine.slice/machine-debian.scope/payload"

static const char *const cgroups[] = {
	"/",
	"/init.scope",
	/* system services */
	"/system.slice",
	"/system.slice/docker.service",
	"/system.slice/docker.service/init",
	"/system.slice/sshd.service",
	"/system.slice/cups.service",
	"/system.slice/mydocker.service",
	"/system.slice/docker.service.d",
	"/system.slice/_cpu.service",
	"/system.slice/system-getty.slice",
	"/system.slice/system-getty.slice/getty@tty1.service",
	"/system.slice/system-getty.slice/getty@tty2.service",
	"/system.slice/system-getty.slice/serial-getty@ttyS0.service",
	"/system.slice/system-openvpn\\x2dclient.slice/openvpn-client@office.service",
	"/system.slice/boot-efi.mount",
	"/system.slice/dev-disk-by\\x2duuid-1b2c.swap",
	"/proxy.slice/proxy-mihomo.slice/mihomo.service",
	"/watchdog.service",
	/* docker, with systemd's driver and with cgroupfs; podman for root; kubernetes */
	"/system.slice/docker-6d2f0c.scope",
	"/docker/6d2f0c",
	"/machine.slice/libpod-0a1b2c.scope",
	"/machine.slice/libpod-0a1b2c.scope/container",
	"/machine.slice/libpod-conmon-0a1b2c.scope",
	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/cri-containerd-ab.scope",
	/* systemd-nspawn, with a whole system in it */
	"/machine.slice/machine-debian.scope",
	NSPAWN "/system.slice/sshd.service",
	NSPAWN "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-org.gnome.Epiphany-9.scope",
	"/machine.slice/systemd-nspawn@web.service/payload/system.slice/docker.service",
	/* a login over ssh, and the user's manager */
	"/user.slice",
	SESSION,
	SESSION "/session-3.scope",
	MANAGER,
	MANAGER "/init.scope",
	MANAGER "/session.slice/org.gnome.Shell@wayland.service",
	MANAGER "/session.slice/plasma-kwin_wayland.service",
	MANAGER "/background.slice/plasma-baloorunner.service",
	APPS,
	/* started by GNOME's shell, and at its start */
	APPS "/app-gnome-org.gnome.Epiphany-2155.scope",
	APPS "/app-gnome-gnome\\x2dsoftware\\x2dservice-13765.scope",
	APPS "/app-org.gnome.Evolution\\x2dalarm\\x2dnotify@autostart.service",
	APPS "/app-gnome\\x2dsession\\x2dmanager.slice/gnome-session-manager@gnome.service",
	APPS "/app-org.gnome.Terminal.slice/vte-spawn-0a1b.scope",
	APPS "/app-org.gnome.Terminal.slice/gnome-terminal-server.service",
	APPS "/vte-spawn-0a1c.scope",
	/* by KDE's Plasma */
	APPS "/app-org.kde.konsole@b2c6d1f0e5a94c7f.service",
	APPS "/app-org.kde.kate-5f0c2a1b.scope",
	APPS "/app-firefox@0123abcd.service",
	APPS "/app-firefox@0123abcd.service/app-org.kde.kate-5f0c2a1b.scope",
	/* by flatpak, dbus-broker, other launchers and snap */
	APPS "/app-flatpak-org.telegram.desktop-4711.scope",
	APPS "/app-dbus-:1.2-org.telegram.desktop.slice/dbus-:1.2-org.telegram.desktop@0.service",
	APPS "/app-dbus-:1.2-org.gnome.Nautilus@3.service",
	APPS "/app-rofi-org.telegram.desktop-12745.service",
	APPS "/app-Hyprland-org.telegram.desktop@8c1f.service",
	OTHERS "/app.slice/app-org.telegram.desktop.service",
	APPS "/app-flatpak-org.telegram.desktop.beta-4712.scope",
	APPS "/app-flatpak-xorg.telegram.desktop-4713.scope",
	APPS "/app-flatpak-orgXtelegramXdesktop-4714.scope",
	APPS "/app-org.telegram.desktop.scope",
	APPS "/snap.firefox.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope",
	APPS "/snap.firefox.geckodriver-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f11.scope",
	APPS "/snap.firefox_work.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f12.scope",
	APPS "/snap.code.code-cafe.5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f13.scope",
	APPS "/snap.code.hook.configure-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f14.scope",
	APPS "/snap.firefox.firefox-notauuid.scope",
	/* by Steam in gaming mode, and by UWSM, whose slices are of no application */
	APPS "/app-steam-app570-4711.scope",
	APPS "/app-gnome-steam-4712.scope",
	APPS "/app-graphical.slice/app-Hyprland-foot-0a1b2c3d.scope",
	"/system.slice/snap.docker.dockerd.service",
	/* the user's own services, podman without root, slices */
	APPS "/syncthing.service",
	OTHERS "/background.slice/background-sync.slice/syncthing.service",
	MANAGER "/syncthing.service/child",
	MANAGER "/user.slice/libpod-77aa.scope/container",
	MANAGER "/user.slice/podman-3141.scope",
	"/cgtproxy.slice/cgtproxy-proxy.slice",
	"/cgtproxy.slice/cgtproxy-proxy.slice/run-u7.service",
	MANAGER "/cgtproxy.slice/cgtproxy-proxy.slice",
	MANAGER "/cgtproxy.slice/cgtproxy-proxy.slice/run-r1.scope",
	MANAGER "/cgtproxy.slice/cgtproxy-proxy.slice/cgtproxy-proxy-deep.slice/run-r2.scope",
	MANAGER "/cgtproxy.slice",
	MANAGER "/cgtproxy.slice/cgtproxy-proxyx.slice",
	/* what a user, a service or a container with cgroups delegated to it may make to be taken for another */
	MANAGER "/docker.service",
	APPS "/docker.service",
	MANAGER "/system.slice/docker.service",
	MANAGER "/user.slice/user-1001.slice/x.scope",
	"/system.slice/evil.service/docker.service",
	"/system.slice/evil.service/system.slice/docker.service",
	"/system.slice/evil.service/docker.slice/docker.service",
	"/system.slice/evil.service/cgtproxy.slice/cgtproxy-proxy.slice",
	"/system.slice/evil.service" MANAGER "/syncthing.service",
	"/system.slice/evil.service" APPS "/app-flatpak-org.telegram.desktop-1.scope",
	"/docker/6d2f0c/system.slice/docker.service",
	MANAGER "/app.slice/evil.scope/app-flatpak-org.telegram.desktop-1.scope",
	MANAGER "/app.slice/evil.service/syncthing.service",
	MANAGER "/app.slice/evil.service/cgtproxy.slice/cgtproxy-proxy.slice",
};

enum { MATCHES_MAX = 12 };

static const struct {
	const char *selector; /* in YAML */
	const char *matches[MATCHES_MAX];
} selectors[] = {
	{"app: org.telegram.desktop",
	 {APPS "/app-flatpak-org.telegram.desktop-4711.scope",
	  APPS "/app-dbus-:1.2-org.telegram.desktop.slice/dbus-:1.2-org.telegram.desktop@0.service",
	  APPS "/app-rofi-org.telegram.desktop-12745.service", APPS "/app-Hyprland-org.telegram.desktop@8c1f.service",
	  OTHERS "/app.slice/app-org.telegram.desktop.service"}},
	{"app: org.gnome.Epiphany", {APPS "/app-gnome-org.gnome.Epiphany-2155.scope"}},
	{"app: gnome-software-service", {APPS "/app-gnome-gnome\\x2dsoftware\\x2dservice-13765.scope"}},
	{"app: org.gnome.Evolution-alarm-notify",
	 {APPS "/app-org.gnome.Evolution\\x2dalarm\\x2dnotify@autostart.service"}},
	{"app: org.gnome.Nautilus", {APPS "/app-dbus-:1.2-org.gnome.Nautilus@3.service"}},
	{"app: org.kde.konsole", {APPS "/app-org.kde.konsole@b2c6d1f0e5a94c7f.service"}},
	{"app: org.kde.kate", {APPS "/app-org.kde.kate-5f0c2a1b.scope"}},
	{"app: firefox",
	 {APPS "/app-firefox@0123abcd.service", APPS "/app-firefox@0123abcd.service/app-org.kde.kate-5f0c2a1b.scope",
	  APPS "/snap.firefox.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope"}},
	{"app: firefox_firefox", {APPS "/snap.firefox.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope"}},
	{"app: firefox_geckodriver", {APPS "/snap.firefox.geckodriver-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f11.scope"}},
	{"app: firefox+work_firefox", {APPS "/snap.firefox_work.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f12.scope"}},
	{"app: code_code-cafe", {APPS "/snap.code.code-cafe.5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f13.scope"}},
	{"app: org.gnome.Terminal",
	 {APPS "/app-org.gnome.Terminal.slice/vte-spawn-0a1b.scope",
	  APPS "/app-org.gnome.Terminal.slice/gnome-terminal-server.service"}},
	{"app: steam", {APPS "/app-steam-app570-4711.scope", APPS "/app-gnome-steam-4712.scope"}},
	{"app: app570", {APPS "/app-steam-app570-4711.scope"}},
	{"app: foot", {APPS "/app-graphical.slice/app-Hyprland-foot-0a1b2c3d.scope"}},
	{"app: [org.kde.kate, org.kde.konsole]",
	 {APPS "/app-org.kde.konsole@b2c6d1f0e5a94c7f.service", APPS "/app-org.kde.kate-5f0c2a1b.scope"}},
	/* launchers, parts of an ID, and what is no application by the convention */
	{"app: [gnome, flatpak, desktop, telegram, '4711', Terminal, syncthing, session, org.gnome.Shell]", {0}},
	{"app: [graphical, code, code_code, code_hook, code_configure, firefox+, +work_firefox, _firefox, firefox_]",
	 {0}},
	{"app: ['firefox_.*', firefox+.*_firefox, code_cafe, code-cafe, steam-app570, app57]", {0}},

	{"unit: docker.service", {"/system.slice/docker.service", "/system.slice/docker.service/init"}},
	{"unit: sshd.service", {"/system.slice/sshd.service"}},
	{"unit: cpu.service", {"/system.slice/_cpu.service"}},
	{"unit: getty@tty1.service", {"/system.slice/system-getty.slice/getty@tty1.service"}},
	{"unit: getty@.service",
	 {"/system.slice/system-getty.slice/getty@tty1.service",
	  "/system.slice/system-getty.slice/getty@tty2.service"}},
	{"unit: openvpn-client@office.service",
	 {"/system.slice/system-openvpn\\x2dclient.slice/openvpn-client@office.service"}},
	{"unit: mihomo.service", {"/proxy.slice/proxy-mihomo.slice/mihomo.service"}},
	{"unit: watchdog.service", {"/watchdog.service"}},
	{"unit: init.scope", {"/init.scope"}},
	{"unit: boot-efi.mount", {"/system.slice/boot-efi.mount"}},
	{"unit: dev-disk-by\\x2duuid-1b2c.swap", {"/system.slice/dev-disk-by\\x2duuid-1b2c.swap"}},
	{"unit: docker-6d2f0c.scope", {"/system.slice/docker-6d2f0c.scope"}},
	{"unit: libpod-0a1b2c.scope",
	 {"/machine.slice/libpod-0a1b2c.scope", "/machine.slice/libpod-0a1b2c.scope/container"}},
	{"unit: cri-containerd-ab.scope",
	 {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/cri-containerd-ab.scope"}},
	{"unit: machine-debian.scope",
	 {"/machine.slice/machine-debian.scope", NSPAWN "/system.slice/sshd.service",
	  NSPAWN "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-org.gnome.Epiphany-9.scope"}},
	{"unit: systemd-nspawn@web.service",
	 {"/machine.slice/systemd-nspawn@web.service/payload/system.slice/docker.service"}},
	{"unit: session-3.scope", {SESSION "/session-3.scope"}},
	{"unit: user@1001.service",
	 {OTHERS "/app.slice/app-org.telegram.desktop.service",
	  OTHERS "/background.slice/background-sync.slice/syncthing.service"}},
	{"unit: snap.docker.dockerd.service", {"/system.slice/snap.docker.dockerd.service"}},
	{"unit: [syncthing.service, run-r1.scope, 6d2f0c.scope]", {0}},
	{"unit: [cups.service, sshd.service]", {"/system.slice/sshd.service", "/system.slice/cups.service"}},

	{"user-unit: syncthing.service",
	 {APPS "/syncthing.service", OTHERS "/background.slice/background-sync.slice/syncthing.service",
	  MANAGER "/syncthing.service/child"}},
	{"user-unit: init.scope", {MANAGER "/init.scope"}},
	{"user-unit: org.gnome.Shell@.service", {MANAGER "/session.slice/org.gnome.Shell@wayland.service"}},
	{"user-unit: plasma-kwin_wayland.service", {MANAGER "/session.slice/plasma-kwin_wayland.service"}},
	{"user-unit: podman-3141.scope", {MANAGER "/user.slice/podman-3141.scope"}},
	{"user-unit: libpod-77aa.scope", {MANAGER "/user.slice/libpod-77aa.scope/container"}},
	{"user-unit: snap.firefox.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope",
	 {APPS "/snap.firefox.firefox-5c2ed4f1-7b1e-4b43-9c4a-0d3c9d1a5f10.scope"}},
	{"user-unit: [session-3.scope, sshd.service, mihomo.service, watchdog.service]", {0}},

	{"slice: cgtproxy-proxy.slice",
	 {"/cgtproxy.slice/cgtproxy-proxy.slice", "/cgtproxy.slice/cgtproxy-proxy.slice/run-u7.service",
	  MANAGER "/cgtproxy.slice/cgtproxy-proxy.slice", MANAGER "/cgtproxy.slice/cgtproxy-proxy.slice/run-r1.scope",
	  MANAGER "/cgtproxy.slice/cgtproxy-proxy.slice/cgtproxy-proxy-deep.slice/run-r2.scope"}},
	{"slice: system-getty.slice",
	 {"/system.slice/system-getty.slice", "/system.slice/system-getty.slice/getty@tty1.service",
	  "/system.slice/system-getty.slice/getty@tty2.service",
	  "/system.slice/system-getty.slice/serial-getty@ttyS0.service"}},
	{"slice: kubepods-burstable.slice",
	 {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/cri-containerd-ab.scope"}},
	{"slice: background-sync.slice", {OTHERS "/background.slice/background-sync.slice/syncthing.service"}},
	{"slice: app-org.gnome.Terminal.slice",
	 {APPS "/app-org.gnome.Terminal.slice/vte-spawn-0a1b.scope",
	  APPS "/app-org.gnome.Terminal.slice/gnome-terminal-server.service"}},
	{"slice: app-gnome\\x2dsession\\x2dmanager.slice",
	 {APPS "/app-gnome\\x2dsession\\x2dmanager.slice/gnome-session-manager@gnome.service"}},
	{"slice: [docker.slice, payload.slice]", {0}},

	{"user: 1001",
	 {OTHERS "/app.slice/app-org.telegram.desktop.service",
	  OTHERS "/background.slice/background-sync.slice/syncthing.service"}},
	{"user: [4711, 100, 1, 0]", {0}},
};

static struct config *config_of(const char *selector)
{
	char text[512];

	snprintf(text, sizeof(text), VERSION "rules:\n  - %s\n    drop: true\n", selector);
	return parse_good(text);
}

static struct policy *policy_of(const struct config *config)
{
	const char *const patterns[] = {config->rules[0].pattern};
	struct policy *policy = policy_new(patterns, 1);

	assert_non_null(policy);
	return policy;
}

static bool is_among(const char *cgroup, const char *const *list)
{
	for (size_t i = 0; i < MATCHES_MAX && list[i] != NULL; i++) {
		if (strcmp(list[i], cgroup) == 0)
			return true;
	}
	return false;
}

static void test_real_cgroups(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(selectors); i++) {
		struct config *config = config_of(selectors[i].selector);
		struct policy *policy = policy_of(config);
		size_t matched = 0;
		size_t wanted = 0;

		for (size_t j = 0; j < COUNT(cgroups); j++) {
			bool matches = policy_match(policy, cgroups[j], strlen(cgroups[j])) == 0;

			matched += matches;
			if (matches != is_among(cgroups[j], selectors[i].matches))
				fail_msg("%s %s %s", selectors[i].selector, matches ? "matches" : "does not match",
					 cgroups[j]);
		}
		while (wanted < MATCHES_MAX && selectors[i].matches[wanted] != NULL)
			wanted++;
		if (matched != wanted)
			fail_msg("%s: a cgroup that it should match is not in the table", selectors[i].selector);
		policy_free(policy);
		config_free(config);
	}
}

/* Everything of a user is everything below the user's slice, and nothing else. */
static void test_user(void **state)
{
	static const char *const users[] = {"user: 1000", "user: [1000]", "user: '1000'", "user: [0, 1000]"};

	(void)state;
	for (size_t i = 0; i < COUNT(users); i++) {
		struct config *config = config_of(users[i]);
		struct policy *policy = policy_of(config);

		for (size_t j = 0; j < COUNT(cgroups); j++) {
			bool theirs = strncmp(cgroups[j], SESSION "/", strlen(SESSION "/")) == 0 ||
				      strcmp(cgroups[j], SESSION) == 0;

			assert_int_equal(policy_match(policy, cgroups[j], strlen(cgroups[j])) == 0, theirs);
		}
		policy_free(policy);
		config_free(config);
	}
}

static void test_names_of_users(void **state)
{
	static const char root[] = "/user.slice/user-0.slice/session-1.scope";
	struct config *config = config_of("user: root");
	struct policy *policy = policy_of(config);

	(void)state;
	assert_int_equal(policy_match(policy, root, strlen(root)), 0);
	assert_int_equal(policy_match(policy, SESSION, strlen(SESSION)), NO_RULE);
	policy_free(policy);
	config_free(config);
}

/* A name is never interpreted as part of an expression, and is shown as systemd writes it. */
static void test_escaping(void **state)
{
	static const struct {
		const char *selector;
		const char *cgroup;
	} names[] = {
		{"app: a-b", APPS "/app-a\\x2db.service"},
		{"app: .hidden", APPS "/app-\\x2ehidden.service"},
		{"app: a.b_c:d", APPS "/app-a.b_c:d.service"},
		{"app: a b+c@d", APPS "/app-a\\x20b\\x2bc\\x40d.service"},
		{"app: \xe4\xb8\xad", APPS "/app-\\xe4\\xb8\\xad.service"},
		{"app: 'a.*|b)('", APPS "/app-a.\\x2a\\x7cb\\x29\\x28.service"},
		{"unit: a\\x2db.service", "/system.slice/a\\x2db.service"},
		{"unit: a:b_c.d.service", "/system.slice/a:b_c.d.service"},
		{"unit: a@b@c.service", "/system.slice/system-a.slice/a@b@c.service"},
		{"slice: a\\x2db.slice", "/a\\x2db.slice"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct config *config = config_of(names[i].selector);
		struct policy *policy = policy_of(config);

		if (policy_match(policy, names[i].cgroup, strlen(names[i].cgroup)) != 0)
			fail_msg("%s does not match %s", names[i].selector, names[i].cgroup);
		policy_free(policy);
		config_free(config);
	}
}

/* A config with one rule for many applications; the caller frees it. */
static char *config_of_many(int names)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs(VERSION "rules:\n  - drop: true\n    app:\n", out);
	for (int i = 0; i < names; i++)
		fprintf(out, "      - %d.%0200d\n", i, i);
	fclose(out);
	return text;
}

static void test_many_names(void **state)
{
	char *text = config_of_many(1000);
	struct config *config = parse_good(text);
	struct policy *policy = policy_of(config);

	(void)state;
	for (int i = 999; i <= 1000; i++) {
		char path[512];

		snprintf(path, sizeof(path), APPS "/app-gnome-%d.%0200d-1.scope", i, i);
		assert_int_equal(policy_match(policy, path, strlen(path)), i < 1000 ? 0 : NO_RULE);
	}
	policy_free(policy);
	config_free(config);
	free(text);
}

/* What would fit no automaton is refused, and not silently without effect. */
static void test_too_many_names(void **state)
{
	static const int many[] = {1001, 10000};

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++) {
		char *text = config_of_many(many[i]);
		struct parsed parsed;

		assert_says(only_fault(text, &parsed), "split them across several rules");
		parsed_clear(&parsed);
		free(text);
	}
}

/* A selector as shown to users. */
static void test_shown(void **state)
{
	static const struct {
		const char *selector;
		const char *shown;
	} rules[] = {
		{"match: ^/a\\.slice", "match: ^/a\\.slice"},
		{"match: \"\\e31m\"", "match: \\x1b31m"},
		{"unit: docker.service", "unit: docker.service"},
		{"unit: [a.service, b\\x2dc.service]", "unit: [a.service, b\\x2dc.service]"},
		{"user-unit: [a.service]", "user-unit: [a.service]"},
		{"app: \"a\\eb\"", "app: a\\x1bb"},
		{"user: root", "user: root"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct config *config = config_of(rules[i].selector);

		assert_string_equal(config->rules[0].selector, rules[i].shown);
		config_free(config);
	}
}

static void test_faults(void **state)
{
	static const struct fault faults[] = {
		{"app: ''", {3, 0}, {"app: expected an application ID", "\"\""}},
		{"app: ~", {3, 10}, {"app: expected an application ID", "nothing"}},
		{"app: a/b", {3, 10}, {"app: expected an application ID", "a/b"}},
		{"app: a\\x2db", {3, 10}, {"without systemd's escaping", "a\\x5cx2db"}},
		{"app: {a: b}", {3, 11}, {"app: expected an application ID", "a map"}},
		{"app: []", {3, 0}, {"app: expected an application ID", "an empty list"}},
		{"app: [a, b/c]", {3, 14}, {"app: expected an application ID", "b/c"}},
		{"app: [a, [b]]", {3, 15}, {"app: expected an application ID", "a list"}},
		{"app: [a, ~]", {3, 14}, {"app: expected an application ID", "nothing"}},
		{"app: \"a\\0b\"", {3, 0}, {"app: expected an application ID", "a\\x00b"}},
		{"unit: ~", {3, 11}, {"unit: expected", "nothing"}},
		{"unit: docker", {3, 11}, {"unit: expected the name of a service", "docker"}},
		{"unit: system.slice", {3, 11}, {"unit: expected the name of a service", "system.slice"}},
		{"unit: a/b.service", {3, 11}, {"unit: expected", "a/b.service"}},
		{"unit: a b.service", {3, 11}, {"unit: expected", "a b.service"}},
		{"unit: a.timer", {3, 11}, {"unit: expected", "a.timer"}},
		{"unit: .service", {3, 11}, {"unit: expected", ".service"}},
		{"unit: '@.service'", {3, 0}, {"unit: expected", "@.service"}},
		{"unit: [a.service, b]", {3, 23}, {"unit: expected", "\"b\""}},
		{"user-unit: ~", {3, 16}, {"user-unit: expected", "nothing"}},
		{"user-unit: syncthing", {3, 16}, {"user-unit: expected the name of a service", "syncthing"}},
		{"slice: ~", {3, 12}, {"slice: expected", "nothing"}},
		{"slice: cgtproxy-proxy", {3, 12}, {"slice: expected the name of a slice", "cgtproxy-proxy"}},
		{"slice: -.slice", {3, 12}, {"slice: expected the name of a slice", "-.slice"}},
		{"slice: a--b.slice", {3, 12}, {"slice: expected", "a--b.slice"}},
		{"slice: a-.slice", {3, 12}, {"slice: expected", "a-.slice"}},
		{"slice: a@b.slice", {3, 12}, {"slice: expected", "a@b.slice"}},
		{"slice: a.slice/b.slice", {3, 12}, {"slice: expected", "a.slice/b.slice"}},
		{"user: ~", {3, 11}, {"user: expected", "nothing"}},
		{"user: no-such-user", {3, 11}, {"user: expected the name of a user", "no-such-user"}},
		{"user: [root, no-such-user]", {3, 18}, {"user: expected the name of a user", "no-such-user"}},
		{"user: -1", {3, 11}, {"user: expected", "-1"}},
		{"user: 0100", {3, 11}, {"user: expected", "0100"}},
		{"user: 4294967295", {3, 11}, {"user: expected", "4294967295"}},
		{"user: 99999999999999999999", {3, 11}, {"user: expected", "99999999999999999999"}},
		{"{unit: a.service, slice: a.slice}", {3, 0}, {"exactly one selector", "has 2"}},
		{"{unit: a.service, match: /a}", {3, 0}, {"exactly one selector", "has 2"}},
		{"{}", {3, 0}, {"exactly one selector", "has 0"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		char text[256];
		struct fault fault = faults[i];
		bool flow = fault.text[0] == '{';

		snprintf(text, sizeof(text), VERSION "rules:\n  - %s%s\n    drop: true\n", flow ? "<<: " : "",
			 fault.text);
		fault.text = text;
		check_fault(&fault);
	}
}

/* The name of a unit can have 255 bytes, that of a cgroup as well. */
static void test_long_names(void **state)
{
	char name[260] = "";

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	for (size_t length = 255; length <= 256; length++) {
		char text[512];
		struct parsed parsed;

		memcpy(name + length - strlen(".service"), ".service", sizeof(".service"));
		snprintf(text, sizeof(text), VERSION "rules:\n  - unit: %s\n    drop: true\n", name);
		parsed = parse(text);
		assert_int_equal(parsed.result, length == 255 ? 0 : -EINVAL);
		parsed_clear(&parsed);
		memset(name, 'a', sizeof(name) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_cgroups),   cmocka_unit_test(test_user),
		cmocka_unit_test(test_names_of_users), cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_many_names),     cmocka_unit_test(test_too_many_names),
		cmocka_unit_test(test_shown),	       cmocka_unit_test(test_faults),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
