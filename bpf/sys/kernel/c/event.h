/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * The event, the maps, and what all tiers with BTF share. bpf/sys/event.go
 * decodes the event; both name every field by its offset.
 */
#pragma once
#include "core.h"

/* Version 1, 96 bytes, little endian. */
struct event {
	u8 version;       /*  0 */
	u8 type;          /*  1 */
	u16 flags;        /*  2 */
	u32 length;       /*  4: bytes moved; states: old << 8 | new */
	u64 time;         /*  8: CLOCK_MONOTONIC, ns, at completion */
	u32 tgid, tid;    /* 16, 20 */
	u64 goid, parent; /* 24, 32: 0 unknown */
	u64 cookie;       /* 40 */
	u32 local[4];     /* 48: IPv6, or IPv4 mapped */
	u32 remote[4];    /* 64 */
	u16 lport, rport; /* 80, 82: host order */
	u32 seq;          /* 84: TCP, of the first byte; states: network namespace */
	u32 position;     /* 88: bytes of the message before these */
	u8 direction;     /* 92: 0 received, 1 sent */
	u8 protocol;      /* 93: 6 */
	u16 skipped;      /* 94: calls of the message that made no event before this one */
};

enum { VERSION = 1 };
enum { TYPE_IO = 1, TYPE_STATE = 4, TYPE_EXEC = 5, TYPE_EXIT = 6 };
enum { FLAG_UNCERTAIN = 1, FLAG_FIRST = 16, FLAG_LATE = 64 };
enum { RECEIVED, SENT };

/* Bits of config_filter. */
enum { BY_PORT = 1, BY_TGID = 2, BY_CGROUP = 4 };

/* Set before loading. */
const volatile u32 config_every = 4; /* calls of a message that make an event each; beyond, only the last */
const volatile u32 config_go = 0;    /* look for goroutines */

/* Set while it runs. */
volatile u32 config_own = 0;    /* tgid that is left out: ours */
volatile u32 config_filter = 0; /* which of the filters hold */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

enum { SEEN, FILTERED, EMITTED, DROPPED, BAD, SKIPPED, NUM_COUNTS };

struct counts {
	u64 n[NUM_COUNTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counts);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u16);
	__type(value, u8);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u8);
} tgids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u8);
} cgroups SEC(".maps");

/* Where the runtime of a Go program keeps what; see bpf/sys/goroutines. */
struct go_offsets {
	u32 goid, parent, m, curg;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct go_offsets);
} goprocs SEC(".maps");

/* The message under way on a socket. */
struct message {
	u32 calls, bytes; /* of the message so far */
	u32 tid, tgid;    /* of the last call, if it made no event */
	u64 time, goid, parent;
	u32 seq, length;
	u16 skipped;
	u8 direction;
	u8 pending; /* the last call made no event yet */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct message);
} messages SEC(".maps");

INLINE struct counts *counters(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&stats, &zero);
}

INLINE u16 swap16(u16 v) { return v << 8 | v >> 8; }

INLINE int chosen(struct sock *sk, u32 tgid)
{
	if (config_filter == 0)
		return 1;
	if (config_filter & BY_TGID && !bpf_map_lookup_elem(&tgids, &tgid))
		return 0;
	if (config_filter & BY_CGROUP) {
		u64 id = bpf_get_current_cgroup_id();
		if (!bpf_map_lookup_elem(&cgroups, &id))
			return 0;
	}
	if (config_filter & BY_PORT) {
		u16 port = sk->__sk_common.skc_num;
		if (bpf_map_lookup_elem(&ports, &port))
			return 1;
		port = swap16(sk->__sk_common.skc_dport);
		if (!bpf_map_lookup_elem(&ports, &port))
			return 0;
	}
	return 1;
}

/* addresses fills in both ends; 0 for other families than IP. */
INLINE int addresses(struct event *e, struct sock *sk)
{
	u16 family = sk->__sk_common.skc_family;
	if (family == AF_INET) {
		e->local[0] = 0, e->local[1] = 0, e->local[2] = 0xffff0000;
		e->local[3] = sk->__sk_common.skc_rcv_saddr;
		e->remote[0] = 0, e->remote[1] = 0, e->remote[2] = 0xffff0000;
		e->remote[3] = sk->__sk_common.skc_daddr;
	} else if (family == AF_INET6) {
#pragma unroll
		for (int i = 0; i < 4; i++) {
			e->local[i] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i];
			e->remote[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
		}
	} else {
		return 0;
	}
	e->lport = sk->__sk_common.skc_num;
	e->rport = swap16(sk->__sk_common.skc_dport);
	return 1;
}

/* goroutine reads who runs on this thread, of programs that are known to be
 * Go: the thread's g lies in front of its thread-local storage; g.m.curg is the
 * goroutine also while the runtime runs on its own stack. */
INLINE void goroutine(u32 tgid, u64 *goid, u64 *parent)
{
	struct go_offsets *o;
	u64 base, g = 0, m = 0, cur = 0;
	*goid = 0, *parent = 0;
	if (!config_go || !bpf_core_field_exists(((struct thread_struct *)0)->fsbase))
		return;
	o = bpf_map_lookup_elem(&goprocs, &tgid);
	if (!o)
		return;
	base = bpf_get_current_task_btf()->thread.fsbase;
	if (bpf_probe_read_user(&g, 8, (void *)(base - 8)) || !g)
		return;
	if (!bpf_probe_read_user(&m, 8, (void *)(g + o->m)) && m &&
	    !bpf_probe_read_user(&cur, 8, (void *)(m + o->curg)) && cur)
		g = cur;
	bpf_probe_read_user(goid, 8, (void *)(g + o->goid));
	if (o->parent)
		bpf_probe_read_user(parent, 8, (void *)(g + o->parent));
}

INLINE struct event *begin(struct counts *c, struct sock *sk)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		c->n[DROPPED]++;
		return 0;
	}
	e->version = VERSION, e->protocol = 6;
	e->cookie = bpf_get_socket_cookie(sk);
	addresses(e, sk);
	return e;
}

INLINE void commit(struct counts *c, struct event *e)
{
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	c->n[EMITTED]++;
}

/* flush tells of the last call of a message that made no event yet. */
INLINE void flush(struct counts *c, struct sock *sk, struct message *m)
{
	struct event *e;
	if (!m->pending)
		return;
	m->pending = 0;
	e = begin(c, sk);
	if (!e)
		return;
	e->type = TYPE_IO, e->flags = FLAG_LATE;
	e->length = m->length, e->time = m->time;
	e->tgid = m->tgid, e->tid = m->tid, e->goid = m->goid, e->parent = m->parent;
	e->seq = m->seq, e->position = m->bytes - m->length, e->direction = m->direction;
	e->skipped = m->skipped - 1;
	m->skipped = 0;
	commit(c, e);
}

/* moved tells of bytes that a call of the current thread moved. It runs when
 * the call is done: what was written ends at write_seq, what was read at
 * copied_seq. */
INLINE int moved(struct sock *sk, int result, u8 direction)
{
	struct counts *c;
	struct tcp_sock *tp;
	struct message *m;
	struct event *e;
	u64 id, goid, parent;
	u32 seq, tgid;
	u16 family;

	if (result <= 0 || !sk)
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	c = counters();
	if (!c)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	c->n[SEEN]++;
	id = bpf_get_current_pid_tgid();
	tgid = id >> 32;
	if (tgid == config_own || !chosen(sk, tgid)) {
		c->n[FILTERED]++;
		return 0;
	}
	seq = (direction == SENT ? tp->write_seq : tp->copied_seq) - result;
	m = bpf_sk_storage_get(&messages, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!m) {
		c->n[BAD]++;
		return 0;
	}
	if (m->calls == 0 || m->direction != direction) {
		flush(c, sk, m);
		m->calls = 0, m->bytes = 0, m->skipped = 0, m->direction = direction;
	}
	m->calls++;
	m->bytes += result;
	goroutine(tgid, &goid, &parent);
	if (m->calls > config_every) {
		c->n[SKIPPED]++;
		if (m->skipped < 0xffff)
			m->skipped++;
		m->pending = 1;
		m->time = bpf_ktime_get_ns(), m->tgid = tgid, m->tid = id;
		m->goid = goid, m->parent = parent, m->seq = seq, m->length = result;
		return 0;
	}
	e = begin(c, sk);
	if (!e)
		return 0;
	e->type = TYPE_IO, e->flags = m->calls == 1 ? FLAG_FIRST : 0;
	e->length = result, e->time = bpf_ktime_get_ns();
	e->tgid = tgid, e->tid = id, e->goid = goid, e->parent = parent;
	e->seq = seq, e->position = m->bytes - result, e->direction = direction;
	e->skipped = 0;
	commit(c, e);
	return 0;
}

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_CLOSE = 7 };

/* changed tells of a connection that began or ended. The thread is the one
 * that called connect; of other changes the kernel does them for whomever it
 * interrupted, so that there it means nothing. */
INLINE int changed(struct sock *sk, int was, int is)
{
	struct counts *c;
	struct event *e;
	struct message *m;
	u64 id;
	u16 family;

	if (!sk || (is != TCP_SYN_SENT && is != TCP_ESTABLISHED && is != TCP_CLOSE))
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	c = counters();
	if (!c || !bpf_skc_to_tcp_sock(sk))
		return 0;
	c->n[SEEN]++;
	id = bpf_get_current_pid_tgid();
	if (is == TCP_SYN_SENT && (id >> 32 == config_own || !chosen(sk, id >> 32))) {
		c->n[FILTERED]++;
		return 0;
	}
	if (is == TCP_CLOSE) {
		m = bpf_sk_storage_get(&messages, sk, 0, 0);
		if (m)
			flush(c, sk, m);
	}
	e = begin(c, sk);
	if (!e)
		return 0;
	e->type = TYPE_STATE, e->flags = 0;
	e->length = (u32)was << 8 | (u32)is, e->time = bpf_ktime_get_ns();
	e->tgid = 0, e->tid = 0, e->goid = 0, e->parent = 0;
	if (is == TCP_SYN_SENT) {
		e->tgid = id >> 32, e->tid = id;
		goroutine(id >> 32, &e->goid, &e->parent);
	}
	e->seq = sk->__sk_common.skc_net.net->ns.inum;
	e->position = 0, e->direction = 0, e->skipped = 0;
	commit(c, e);
	return 0;
}

/* process tells of a program that was replaced or ended. */
INLINE int process(u8 type)
{
	struct counts *c = counters();
	struct event *e;
	u64 id = bpf_get_current_pid_tgid();
	u32 tgid = id >> 32;
	if (!c || (u32)id != tgid)
		return 0;
	bpf_map_delete_elem(&goprocs, &tgid);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		c->n[DROPPED]++;
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->version = VERSION, e->type = type, e->time = bpf_ktime_get_ns();
	e->tgid = tgid, e->tid = id;
	commit(c, e);
	return 0;
}
