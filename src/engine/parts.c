/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/parts.h"

#include "engine/names.h"

#define IPV6                                                                                                           \
	{                                                                                                              \
		.kind = STATEMENT_NFPROTO, .protocol = NFPROTO_IPV6                                                    \
	}

int part_add_bypass(struct chain *chain)
{
	int error = chain_add(chain, {.kind = STATEMENT_DADDR_IN, .name = SET_BYPASS}, RETURN);

	return error == 0 ? chain_add(chain, {.kind = STATEMENT_DADDR6_IN, .name = SET_BYPASS6}, RETURN) : error;
}

int part_add_rejects(struct chain *chain)
{
	int error = chain_add(chain, {.kind = STATEMENT_L4PROTO, .protocol = IPPROTO_TCP},
			      {.kind = STATEMENT_REJECT_RESET});

	return error == 0 ? chain_add(chain, {.kind = STATEMENT_REJECT}) : error;
}

/* What TPROXY can't handle, even if it is UDP. */
static int add_group_addresses(struct chain *chain, struct statement action)
{
	int error = chain_add(chain, {.kind = STATEMENT_DADDR_MULTICAST}, action);

	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_DADDR_MULTICAST6}, action);
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_NFPROTO, .protocol = NFPROTO_IPV4},
				  {.kind = STATEMENT_DADDR_BROADCAST}, action);
	return error;
}

int part_add_refusals(struct chain *chain, const struct proxy *proxy, const char *refuse, bool has_groups)
{
	const struct statement refused = statement_goto(refuse);
	const bool others = proxy->other == TRAFFIC_REFUSE;
	int error = 0;

	if (proxy->ipv6 == TRAFFIC_REFUSE)
		error = chain_add(chain, IPV6, refused);
	if (error == 0 && has_groups)
		error = add_group_addresses(chain, others ? refused : (struct statement)RETURN);
	if (error == 0 && others)
		error = chain_add(chain, {.kind = STATEMENT_NOT_TCP_OR_UDP}, refused);
	if (error == 0 && proxy->udp == TRAFFIC_REFUSE)
		error = chain_add(chain, {.kind = STATEMENT_L4PROTO, .protocol = IPPROTO_UDP}, refused);
	return error;
}

int part_add_exclusions(struct chain *chain, const struct proxy *proxy)
{
	int error = 0;

	if (proxy->ipv6 == TRAFFIC_DIRECT)
		error = chain_add(chain, IPV6, RETURN);
	if (error == 0 && proxy->udp == TRAFFIC_DIRECT)
		return chain_add(chain, {.kind = STATEMENT_NOT_L4PROTO, .protocol = IPPROTO_TCP}, RETURN);
	if (error == 0 && proxy->other == TRAFFIC_DIRECT)
		error = chain_add(chain, {.kind = STATEMENT_NOT_TCP_OR_UDP}, RETURN);
	return error;
}

size_t part_list_hijacked(const struct dns_hijack *hijack, struct hijacked *kinds)
{
	size_t count = 0;

	if (!hijack->enabled)
		return 0;
	for (int ip6 = 0; ip6 <= (hijack->has_ip6 ? 1 : 0); ip6++) {
		for (int tcp = 0; tcp <= (hijack->tcp ? 1 : 0); tcp++)
			kinds[count++] = (struct hijacked){.ip6 = ip6, .tcp = tcp};
	}
	return count;
}

bool part_is_loopback(const struct dns_hijack *hijack, bool ip6)
{
	return ip6 ? IN6_IS_ADDR_LOOPBACK(&hijack->ip6)
		   : ntohl(hijack->ip.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

struct statement part_dnat(const struct dns_hijack *hijack, bool ip6)
{
	struct statement dnat = {.kind = ip6 ? STATEMENT_DNAT6 : STATEMENT_DNAT, .to = {.port = hijack->port}};

	if (ip6)
		dnat.to.ip6 = hijack->ip6;
	else
		dnat.to.ip = hijack->ip;
	return dnat;
}
