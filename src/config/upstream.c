/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/upstream.h"

#include "util/escape.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scheme {
	const char *name; /* with what ends it */
	enum upstream_kind kind;
	bool is_path;
} schemes[] = {
	{"direct://", UPSTREAM_DIRECT, false},	{"socks5://", UPSTREAM_SOCKS5, false},
	{"socks5h://", UPSTREAM_SOCKS5, false}, /* curl's name for names that the proxy resolves, as it always does here
						 */
	{"http://", UPSTREAM_HTTP, false},	{"socks5+unix:", UPSTREAM_SOCKS5, true},
	{"http+unix:", UPSTREAM_HTTP, true},
};

static const struct scheme *find_scheme(const char *url)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncasecmp(url, schemes[i].name, strlen(schemes[i].name)) == 0)
			return &schemes[i];
	}
	return NULL;
}

static int no_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "no memory for the upstream");
}

/* What is shown of a URL never includes what may be a password: nothing of it before the last '@'. */
static int refuse_scheme(const char *url, struct error *error)
{
	char shown[64];
	const size_t length = strcspn(url, ":/@");

	if (strncasecmp(url, "unix:", strlen("unix:")) == 0)
		return error_set(error, -EINVAL,
				 "a Unix socket's upstream is socks5+unix:/PATH or http+unix:/PATH, so that it is "
				 "clear what it speaks");
	if (strncmp(url + length, "://", 3) == 0)
		return error_set(error, -EINVAL, "the upstream's scheme has to be socks5, http or direct, not \"%s\"",
				 escape(shown, sizeof(shown), url, length));
	return error_set(error, -EINVAL,
			 "the upstream has to be a URL like socks5://127.0.0.1:1080, http://proxy.example.com:3128 or "
			 "direct://");
}

static int hex_value(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

/* Returns a copy with each %XX replaced, and its length, or NULL with errno EINVAL or ENOMEM. */
static char *decode(const char *text, size_t length, size_t *decoded)
{
	char *out = malloc(length + 1);

	*decoded = 0;
	for (size_t i = 0; out != NULL && i < length; i++) {
		char byte = text[i];

		if (byte == '%') {
			if (length - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
			    !isxdigit((unsigned char)text[i + 2])) {
				free(out);
				errno = EINVAL;
				return NULL;
			}
			byte = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
			i += 2;
		}
		out[(*decoded)++] = byte;
	}
	if (out != NULL)
		out[*decoded] = '\0';
	return out;
}

/* A colon ends the user in HTTP; without it in either, one config serves both. */
static int check_user(const char *user, size_t length, struct error *error)
{
	if (length == 0 || length > UPSTREAM_TEXT_MAX)
		return error_set(error, -EINVAL, "the upstream's user has to have 1 to 255 bytes");
	if (memchr(user, '\0', length) != NULL || memchr(user, ':', length) != NULL)
		return error_set(error, -EINVAL, "the upstream's user has a byte that no user can have");
	return 0;
}

int upstream_set_password(struct upstream *upstream, const char *password, size_t length, struct error *error)
{
	char *copy = NULL;

	if (upstream->user == NULL)
		return error_set(error, -EINVAL,
				 "there is a password, but the upstream has no user: write USER@ before its host");
	if (length == 0 || length > UPSTREAM_TEXT_MAX)
		return error_set(error, -EINVAL, "the upstream's password has to have 1 to 255 bytes");
	if (memchr(password, '\0', length) != NULL)
		return error_set(error, -EINVAL, "the upstream's password has a NUL byte");
	copy = strndup(password, length);
	if (copy == NULL)
		return no_memory(error);
	if (upstream->password != NULL)
		explicit_bzero(upstream->password, strlen(upstream->password));
	free(upstream->password);
	upstream->password = copy;
	return 0;
}

static int refuse_escape(struct error *error)
{
	return errno == ENOMEM ? no_memory(error)
			       : error_set(error, -EINVAL,
					   "a \"%%\" in the upstream has to be followed by two hexadecimal digits");
}

static int read_user(struct upstream *upstream, const char *text, size_t length, struct error *error)
{
	const char *colon = memchr(text, ':', length);
	size_t user_length = colon != NULL ? (size_t)(colon - text) : length;
	CLEANUP(freep) char *password = NULL;
	size_t decoded = 0;
	int result = 0;

	upstream->user = decode(text, user_length, &decoded);
	if (upstream->user == NULL)
		return refuse_escape(error);
	result = check_user(upstream->user, decoded, error);
	if (result < 0 || colon == NULL)
		return result;
	password = decode(colon + 1, length - user_length - 1, &decoded);
	if (password == NULL)
		return refuse_escape(error);
	result = upstream_set_password(upstream, password, decoded, error);
	explicit_bzero(password, decoded);
	return result;
}

static int read_port(struct upstream *upstream, const char *text, struct error *error)
{
	char *end = NULL;
	long port = 0;

	if (isdigit((unsigned char)*text))
		port = strtol(text, &end, 10);
	if (end == NULL || *end != '\0' || port < 1 || port > UINT16_MAX)
		return error_set(error, -EINVAL, "the upstream needs a port, from 1 to 65535, after its host");
	upstream->port = (uint16_t)port;
	return 0;
}

static bool is_host(const char *text, size_t length, bool brackets)
{
	struct in6_addr ip6;
	char host[UPSTREAM_HOST_MAX + 1] = "";

	if (length == 0 || length > UPSTREAM_HOST_MAX)
		return false;
	memcpy(host, text, length);
	if (brackets)
		return inet_pton(AF_INET6, host, &ip6) == 1;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)host[i]) && strchr("-._", host[i]) == NULL)
			return false;
	}
	return true;
}

static int read_host(struct upstream *upstream, const char *text, struct error *error)
{
	const bool brackets = *text == '[';
	const char *host = brackets ? text + 1 : text;
	size_t length = strcspn(host, brackets ? "]" : ":/");
	const char *rest = host + length + (brackets && host[length] == ']');
	char port[16] = "";

	if (!is_host(host, length, brackets) || (brackets && host[length] != ']'))
		return error_set(error, -EINVAL,
				 "the upstream's host has to be a name, an IPv4 address, or an IPv6 address in "
				 "brackets, like [::1]");
	if (*rest == ':')
		snprintf(port, sizeof(port), "%.*s", (int)strcspn(rest + 1, "/"), rest + 1);
	if (read_port(upstream, port, error) < 0)
		return -EINVAL;
	rest += 1 + strcspn(rest + 1, "/");
	if (*rest != '\0' && strcmp(rest, "/") != 0)
		return error_set(error, -EINVAL, "the upstream has something after its port");
	upstream->host = strndup(host, length);
	return upstream->host != NULL ? 0 : no_memory(error);
}

static int read_path(struct upstream *upstream, const char *text, struct error *error)
{
	struct upstream_address *address = NULL;
	size_t length = 0;

	if (*text != '/')
		return error_set(error, -EINVAL, "the path of the upstream's Unix socket has to begin with \"/\"");
	upstream->path = decode(text, strlen(text), &length);
	if (upstream->path == NULL)
		return refuse_escape(error);
	if (length >= sizeof(address->unix_socket.sun_path) || memchr(upstream->path, '\0', length) != NULL)
		return error_set(error, -EINVAL, "the path of the upstream's Unix socket is too long");
	address = calloc(1, sizeof(*address));
	if (address == NULL)
		return no_memory(error);
	address->unix_socket.sun_family = AF_UNIX;
	memcpy(address->unix_socket.sun_path, upstream->path, length);
	address->length = sizeof(address->unix_socket);
	upstream->addresses = address;
	upstream->address_count = 1;
	return 0;
}

int upstream_parse(struct upstream *upstream, const char *url, struct error *error)
{
	const struct scheme *scheme = find_scheme(url);
	const char *at = NULL;
	int result = 0;

	*upstream = (struct upstream){0};
	if (scheme == NULL)
		return refuse_scheme(url, error);
	upstream->kind = scheme->kind;
	url += strlen(scheme->name);
	if (scheme->kind == UPSTREAM_DIRECT)
		return *url == '\0' ? 0 : error_set(error, -EINVAL, "nothing may follow \"direct://\"");
	if (scheme->is_path && strncmp(url, "//", 2) == 0)
		url += 2;
	/* a path may have an '@', too, but does not begin with a user */
	if (scheme->is_path)
		at = *url != '/' ? strstr(url, "@/") : NULL;
	else
		at = strrchr(url, '@');
	if (at != NULL)
		result = read_user(upstream, url, (size_t)(at - url), error);
	if (result < 0)
		return result;
	url = at != NULL ? at + 1 : url;
	return scheme->is_path ? read_path(upstream, url, error) : read_host(upstream, url, error);
}

static int refuse_name(const struct upstream *upstream, int code, struct error *error)
{
	const int cause = code == EAI_SYSTEM ? -errno : -EHOSTUNREACH;

	if (code == EAI_MEMORY)
		return no_memory(error);
	return error_set(error, cause, "can't find the address of the upstream's host %s: %s", upstream->host,
			 code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
}

bool upstream_is_named(const struct upstream *upstream)
{
	struct in6_addr address;

	return upstream->host != NULL && inet_pton(AF_INET, upstream->host, &address) != 1 &&
	       inet_pton(AF_INET6, upstream->host, &address) != 1;
}

int upstream_set_addresses(struct upstream *upstream, const struct upstream_address *addresses, size_t count)
{
	struct upstream_address *copy = count > 0 ? reallocarray(NULL, count, sizeof(*copy)) : NULL;

	if (copy == NULL)
		return count > 0 ? -ENOMEM : -EINVAL;
	memcpy(copy, addresses, count * sizeof(*copy));
	free(upstream->addresses);
	upstream->addresses = copy;
	upstream->address_count = count;
	return 0;
}

int upstream_resolve(struct upstream *upstream, struct error *error)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct upstream_address addresses[UPSTREAM_ADDRESSES_MAX];
	struct addrinfo *list = NULL;
	char port[8];
	size_t count = 0;
	int code = 0;

	if (upstream->host == NULL)
		return 0;
	snprintf(port, sizeof(port), "%u", upstream->port);
	code = getaddrinfo(upstream->host, port, &hints, &list);
	if (code != 0)
		return refuse_name(upstream, code, error);
	memset(addresses, 0, sizeof(addresses));
	for (const struct addrinfo *next = list; next != NULL && count < UPSTREAM_ADDRESSES_MAX; next = next->ai_next) {
		addresses[count].length = next->ai_addrlen;
		memcpy(&addresses[count++].any, next->ai_addr, next->ai_addrlen);
	}
	freeaddrinfo(list);
	return upstream_set_addresses(upstream, addresses, count) < 0 ? no_memory(error) : 0;
}

const char *upstream_write(const struct upstream *upstream, char *out)
{
	const char *scheme = upstream->kind == UPSTREAM_SOCKS5 ? "socks5" : "http";
	const bool is_ip6 = upstream->host != NULL && strchr(upstream->host, ':') != NULL;
	char shown[ESCAPED_SIZE(sizeof(((struct sockaddr_un *)NULL)->sun_path))];

	if (upstream->kind == UPSTREAM_DIRECT)
		snprintf(out, UPSTREAM_NAME_SIZE, "direct://");
	else if (upstream->path != NULL)
		/* two slashes would begin a user */
		snprintf(out, UPSTREAM_NAME_SIZE, "%s+unix:%s%s", scheme,
			 strncmp(upstream->path, "//", 2) == 0 ? "//" : "",
			 escape(shown, sizeof(shown), upstream->path, strlen(upstream->path)));
	else
		snprintf(out, UPSTREAM_NAME_SIZE, is_ip6 ? "%s://[%s]:%u" : "%s://%s:%u", scheme, upstream->host,
			 upstream->port);
	return out;
}

void upstream_clear(struct upstream *upstream)
{
	if (upstream->password != NULL)
		explicit_bzero(upstream->password, strlen(upstream->password));
	free(upstream->password);
	free(upstream->user);
	free(upstream->host);
	free(upstream->path);
	free(upstream->addresses);
	*upstream = (struct upstream){0};
}
