/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_ANSWERS_H
#define CGTPROXY_TEST_UNIT_ANSWERS_H

/*
 * Fake answers in place of the kernel's netlink answers.
 *
 * The linker replaces libmnl's and libc's functions with the __wrap_... functions (ld(1), --wrap), as for the fuzzer,
 * so the loops that send and read are covered. A test first writes the answers: answers_to_next() for each coming
 * request, and then what can be read after it. A blocking read without an answer would hang, and fails the test; a
 * non-blocking one ends with EAGAIN.
 */

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	ANSWERS_DATAGRAMS_MAX = 160,
	ANSWERS_REQUESTS_MAX = 160,
	ANSWERS_REQUEST_SIZE = 1024,
	ANSWERS_DATAGRAM_SIZE = 64 * 1024,
};

struct answers_datagram {
	size_t request; /* readable once this many requests were sent */
	int failure;	/* reading it fails with this errno, if it is not 0 */
	char *bytes;
	struct nlmsghdr *last; /* message, or NULL */
	size_t missing;	       /* number of bytes lost at its end */
};

static struct {
	struct answers_datagram datagrams[ANSWERS_DATAGRAMS_MAX];
	size_t count;
	size_t next;	  /* datagram to be read */
	size_t expected;  /* requests */
	size_t asked;	  /* requests */
	int send_failure; /* the next one is not sent, with this errno */
	char requests[ANSWERS_REQUESTS_MAX][ANSWERS_REQUEST_SIZE] __attribute__((aligned(8)));
} answers;

/** Discards all answers and requests. */
static inline int answers_clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < answers.count; i++)
		free(answers.datagrams[i].bytes);
	memset(&answers, 0, sizeof(answers));
	return 0;
}

/** Returns the number of unread datagrams and failures. */
static inline size_t answers_left(void)
{
	return answers.count - answers.next;
}

/** Returns a request that was sent, from 0 on. */
static inline const struct nlmsghdr *answers_request(size_t index)
{
	assert_true(index < answers.asked);
	return (const struct nlmsghdr *)(const void *)answers.requests[index];
}

/** Begins a separate datagram within an answer. */
static inline struct answers_datagram *answers_datagram(void)
{
	struct answers_datagram *datagram = &answers.datagrams[answers.count];

	assert_true(answers.count < ANSWERS_DATAGRAMS_MAX);
	answers.count++;
	datagram->request = answers.expected;
	datagram->bytes = calloc(1, ANSWERS_DATAGRAM_SIZE);
	assert_non_null(datagram->bytes);
	return datagram;
}

/** What follows answers the next request. */
static inline void answers_to_next(void)
{
	answers.expected++;
	answers_datagram();
}

/** Makes a read fail instead of returning a datagram. */
static inline void answers_fail(int error)
{
	struct answers_datagram *datagram = &answers.datagrams[answers.count - 1];

	if (datagram->last != NULL)
		datagram = answers_datagram();
	datagram->failure = error;
	answers_datagram();
}

static inline size_t answers_length(const struct answers_datagram *datagram)
{
	return datagram->last == NULL ? 0
				      : (size_t)((char *)datagram->last - datagram->bytes) +
						MNL_ALIGN(datagram->last->nlmsg_len) - datagram->missing;
}

/** Begins a message, with a head that its payload begins with; attributes are added with libmnl. */
static inline struct nlmsghdr *answers_message(uint16_t type, const void *head, size_t head_size)
{
	struct answers_datagram *datagram = &answers.datagrams[answers.count - 1];
	struct nlmsghdr *message = NULL;

	assert_true(answers_length(datagram) + 4096 < ANSWERS_DATAGRAM_SIZE);
	message = mnl_nlmsg_put_header(datagram->bytes + answers_length(datagram));
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_MULTI;
	memcpy(mnl_nlmsg_put_extra_header(message, head_size), head, head_size);
	datagram->last = message;
	return message;
}

/** A list that ends well. */
static inline void answers_done(void)
{
	const int32_t nothing = 0;

	answers_message(NLMSG_DONE, &nothing, sizeof(nothing));
}

/** The kernel refuses the request with an errno; 0: it acknowledges it. */
static inline void answers_refuse(int error)
{
	const struct nlmsgerr refusal = {.error = -error};

	answers_message(NLMSG_ERROR, &refusal, sizeof(refusal))->nlmsg_flags = 0;
}

/** What is listed has changed since the last message but one. */
static inline void answers_changed(void)
{
	answers.datagrams[answers.count - 1].last->nlmsg_flags |= NLM_F_DUMP_INTR;
}

/** The last datagram loses its end. */
static inline void answers_cut(size_t bytes)
{
	answers.datagrams[answers.count - 1].missing = bytes;
}

/* As the kernel does, the answers have the number of the request; one that a test has set stays. */
static inline void answers_number(char *bytes, size_t size)
{
	struct nlmsghdr *message = (struct nlmsghdr *)(void *)bytes;
	int left = (int)size;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq == 0 && answers.asked > 0)
			message->nlmsg_seq = answers_request(answers.asked - 1)->nlmsg_seq;
	}
}

enum { ANSWERS_NOTHING = -2 };

/* A datagram that is empty is none: every answer begins with one, and may have nothing else. */
static inline ssize_t answers_read(void *buffer, size_t size)
{
	while (answers.next < answers.count && answers.datagrams[answers.next].request <= answers.asked) {
		const struct answers_datagram *datagram = &answers.datagrams[answers.next++];
		const size_t length = answers_length(datagram);

		errno = datagram->failure;
		if (errno != 0)
			return -1;
		if (length == 0)
			continue;
		memcpy(buffer, datagram->bytes, length < size ? length : size);
		answers_number(buffer, length < size ? length : size);
		return (ssize_t)length;
	}
	return ANSWERS_NOTHING;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names */

ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags)
{
	const size_t size = datagram->msg_iov->iov_len;
	ssize_t length = answers_read(datagram->msg_iov->iov_base, size);

	(void)fd;
	if (length == ANSWERS_NOTHING) {
		if (!(flags & MSG_DONTWAIT))
			fail_msg("request %zu waits for an answer for ever", answers.asked);
		errno = EAGAIN;
		return -1;
	}
	if (length <= (ssize_t)size)
		return length;
	datagram->msg_flags |= MSG_TRUNC;
	return (ssize_t)size;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size)
{
	(void)socket;
	errno = answers.send_failure;
	answers.send_failure = 0;
	if (errno != 0)
		return -1;
	if (answers.asked == answers.expected)
		fail_msg("request %zu, of type %u, was not expected", answers.asked,
			 ((const struct nlmsghdr *)request)->nlmsg_type);
	assert_true(size <= ANSWERS_REQUEST_SIZE);
	memcpy(answers.requests[answers.asked++], request, size);
	return (ssize_t)size;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* A dummy socket, for group setup and teardown of tests that need one. */
static struct mnl_socket *anywhere;

static inline int answers_open(void **state)
{
	(void)state;
	anywhere = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	return anywhere != NULL ? 0 : -1;
}

static inline int answers_close(void **state)
{
	(void)state;
	return mnl_socket_close(anywhere);
}

/* Messages of nf_tables. */

static inline struct nlmsghdr *answers_nft(uint16_t type)
{
	const struct nfgenmsg head = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};

	return answers_message((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), &head, sizeof(head));
}

static inline void answers_u32(struct nlmsghdr *message, uint16_t type, uint32_t number)
{
	mnl_attr_put_u32(message, type, htonl(number));
}

/** A verdict as data, such as NFTA_IMMEDIATE_DATA; @chain may be NULL. */
static inline void answers_verdict(struct nlmsghdr *message, uint16_t type, int code, const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(message, type);
	struct nlattr *verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);

	answers_u32(message, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain != NULL)
		mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(message, verdict);
	mnl_attr_nest_end(message, data);
}

/** A value as data, such as NFTA_CMP_DATA. */
static inline void answers_value(struct nlmsghdr *message, uint16_t type, const void *value, size_t size)
{
	struct nlattr *data = mnl_attr_nest_start(message, type);

	mnl_attr_put(message, NFTA_DATA_VALUE, size, value);
	mnl_attr_nest_end(message, data);
}

/** A rule that is being written. */
struct answers_rule {
	struct nlmsghdr *message;
	struct nlattr *expressions;
	struct nlattr *expression;
	struct nlattr *data;
};

static inline struct answers_rule answers_rule(const char *table, const char *chain)
{
	struct answers_rule rule = {.message = answers_nft(NFT_MSG_NEWRULE)};

	mnl_attr_put_strz(rule.message, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(rule.message, NFTA_RULE_CHAIN, chain);
	rule.expressions = mnl_attr_nest_start(rule.message, NFTA_RULE_EXPRESSIONS);
	return rule;
}

static inline void answers_end_expression(struct answers_rule *rule)
{
	if (rule->data == NULL)
		return;
	mnl_attr_nest_end(rule->message, rule->data);
	mnl_attr_nest_end(rule->message, rule->expression);
	rule->data = NULL;
}

/** Begins the rule's next expression; returns the message, for its attributes. */
static inline struct nlmsghdr *answers_expression(struct answers_rule *rule, const char *name)
{
	answers_end_expression(rule);
	rule->expression = mnl_attr_nest_start(rule->message, NFTA_LIST_ELEM);
	if (name != NULL)
		mnl_attr_put_strz(rule->message, NFTA_EXPR_NAME, name);
	rule->data = mnl_attr_nest_start(rule->message, NFTA_EXPR_DATA);
	return rule->message;
}

static inline void answers_end_rule(struct answers_rule *rule)
{
	answers_end_expression(rule);
	mnl_attr_nest_end(rule->message, rule->expressions);
}

#endif
