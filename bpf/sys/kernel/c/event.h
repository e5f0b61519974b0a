/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * The maps, and what all tiers with BTF share.
 */
#pragma once
#include "record.h"
#include "goroutine.h"

/* With WALK a socket is a plain address, which is also its cookie, and messages
 * under way lie in a map of their own: for tiers that find sockets by file
 * descriptor, and for kernels before 5.12. */

/* Bits of config_filter. */
enum { BY_PORT = 1, BY_TGID = 2, BY_CGROUP = 4 };

/* Set before loading. */
const volatile u32 config_every = 4; /* calls of a message that make an event each; beyond, only the last */
const volatile u32 config_go = 0;    /* look for goroutines */
const volatile u32 config_go_register = 0; /* place in struct pt_regs of the register that holds g; 0: g lies in thread-local storage */
#ifdef WALK
const volatile u64 config_salt = 0;  /* hides addresses of the kernel */
#endif

/* Set while it runs. */
volatile u32 config_own = 0;    /* tgid that is left out: ours */
volatile u32 config_filter = 0; /* which of the filters hold */

/* Processes that may be in map tgids, and in map goprocs: a bit for the low bits
 * of each number. A look at them is no call, and tells most that are in none. */
enum { SET_BITS = 4096 };
volatile u64 config_tgids[SET_BITS / 64] = {};
volatile u64 config_gos[SET_BITS / 64] = {};

INLINE int maybe_in(volatile u64 *set, u32 tgid)
{
	return set[tgid / 64 % (SET_BITS / 64)] >> (tgid & 63) & 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

/* What became of each call and change that was seen: the reader adds them up.
 * The first place is that of the sum in records of tier legacy. */
enum { SEEN, FILTERED, EMITTED, DROPPED, BAD, SKIPPED, NUM_COUNTS };

/* Of one CPU, in cache lines of its own. They are mapped into the reader's
 * memory, who reads them when it may no longer call bpf(2). */
struct counts {
	u64 n[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the number of CPUs, set before loading */
	__type(key, u32);
	__type(value, struct counts);
} stats SEC(".maps");

/* A bit for each port: a look into an array is no call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
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

/* The message under way on a socket. What every call needs comes first, for it
 * is in one cache line. */
struct message {
	u32 calls, bytes; /* of the message so far */
	u32 next[2];      /* where the bytes received and sent should go on */
	u16 skipped;
	u8 direction;
	u8 pending;       /* the last call made no event yet */
	u8 flags;         /* of the last call */
	u8 known;         /* bits of directions for which next is set */
	u32 tid, tgid;    /* of the last call, if it made no event, as all that follows */
	u32 seq, length;
	u64 time, goid, parent;
};

#ifdef WALK
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct message);
} messages SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct message);
} messages SEC(".maps");
#endif

INLINE struct task_struct *current(void)
{
#ifdef WALK
	return (struct task_struct *)bpf_get_current_task();
#else
	return bpf_get_current_task_btf();
#endif
}

/* socket_arg is an argument of a tracepoint as what a socket is here. */
INLINE struct sock *socket_arg(u64 *arg)
{
#ifdef WALK
	struct sock *sk = 0;
	bpf_probe_read_kernel(&sk, sizeof(sk), arg);
	return sk;
#else
	return (struct sock *)*arg;
#endif
}

/* tcp_of is a socket as one of TCP, 0 if it is another. */
INLINE struct tcp_sock *tcp_of(struct sock *sk)
{
#ifdef WALK
	return OF(sk, sk_protocol) == IPPROTO_TCP ? (struct tcp_sock *)sk : 0;
#else
	return bpf_skc_to_tcp_sock(sk);
#endif
}

/* message_of finds the message under way on a socket. */
INLINE struct message *message_of(struct sock *sk, int create)
{
#ifdef WALK
	u64 key = (u64)sk;
	struct message *m = bpf_map_lookup_elem(&messages, &key);
	if (!m && create) {
		struct message none = {};
		bpf_map_update_elem(&messages, &key, &none, BPF_ANY);
		m = bpf_map_lookup_elem(&messages, &key);
	}
	return m;
#else
	return bpf_sk_storage_get(&messages, sk, 0, create ? BPF_SK_STORAGE_GET_F_CREATE : 0);
#endif
}

/* add adds to a counter; interrupts count on the same CPU. */
INLINE void add(u32 what, s64 n)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct counts *c = bpf_map_lookup_elem(&stats, &cpu);
	if (c)
		__sync_fetch_and_add(&c->n[what], n);
}

INLINE void count(u32 what) { add(what, 1); }

INLINE u16 swap16(u16 v) { return v << 8 | v >> 8; }

/* local_port is kept in a second place when a closed socket gives up the first. */
INLINE u16 local_port(struct sock *sk)
{
	u16 port = OF(sk, __sk_common.skc_num);
	struct tcp_sock *tp;
	if (port)
		return port;
	tp = tcp_of(sk);
	return tp ? swap16(OF(tp, inet_conn.icsk_inet.inet_sport)) : 0;
}

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_TIME_WAIT = 6, TCP_CLOSE = 7, TCP_CLOSE_WAIT = 8, TCP_LAST_ACK = 9, TCP_CLOSING = 11 };

/* place is where a socket stands: behind the last byte that was written or
 * read. A FIN that was read counts in copied_seq, too. */
INLINE u32 place(struct sock *sk, struct tcp_sock *tp, u8 direction)
{
	u32 at;
	u8 state;
	if (direction == SENT)
		return OF(tp, write_seq);
	at = OF(tp, copied_seq);
	state = OF(sk, __sk_common.skc_state);
	if (state == TCP_ESTABLISHED || at != OF(tp, rcv_nxt))
		return at;
	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING || state == TCP_TIME_WAIT ||
	    (state == TCP_CLOSE && !OF(sk, sk_err)))
		at--;
	return at;
}

INLINE int listed_port(u16 port)
{
	u32 at = port >> 6;
	u64 *bits = bpf_map_lookup_elem(&ports, &at);
	return bits && (*bits >> (port & 63) & 1);
}

INLINE int chosen_port(struct sock *sk)
{
	if (!(config_filter & BY_PORT))
		return 1;
	return listed_port(local_port(sk)) || listed_port(swap16(OF(sk, __sk_common.skc_dport)));
}

/* chosen_thread reports whether the filters let the current thread pass, which
 * is not ours. */
INLINE int chosen_thread(u32 tgid)
{
	if (tgid == config_own)
		return 0;
	if (config_filter & BY_TGID && (!maybe_in(config_tgids, tgid) || !bpf_map_lookup_elem(&tgids, &tgid)))
		return 0;
	if (config_filter & BY_CGROUP) {
		u64 id = bpf_get_current_cgroup_id();
		return bpf_map_lookup_elem(&cgroups, &id) != 0;
	}
	return 1;
}

/* addresses fills in both ends; 0 for other families than IP. */
INLINE int addresses(struct event *e, struct sock *sk)
{
	u16 family = OF(sk, __sk_common.skc_family);
	if (family == AF_INET) {
		e->local[0] = 0, e->local[1] = 0, e->local[2] = 0xffff0000;
		e->local[3] = OF(sk, __sk_common.skc_rcv_saddr);
		e->remote[0] = 0, e->remote[1] = 0, e->remote[2] = 0xffff0000;
		e->remote[3] = OF(sk, __sk_common.skc_daddr);
	} else if (family == AF_INET6) {
#pragma unroll
		for (int i = 0; i < 4; i++) {
			e->local[i] = OF(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
			e->remote[i] = OF(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[i]);
		}
	} else {
		return 0;
	}
	e->lport = local_port(sk);
	e->rport = swap16(OF(sk, __sk_common.skc_dport));
	return 1;
}

/* goroutine reads who runs on this thread, of programs that are known to be
 * Go. */
INLINE void goroutine(u32 tgid, u64 *goid, u64 *parent)
{
	struct go_offsets *o;
	u64 g = 0;
	*goid = 0, *parent = 0;
	if (!config_go || !maybe_in(config_gos, tgid))
		return;
	o = bpf_map_lookup_elem(&goprocs, &tgid);
	if (!o)
		return;
	if (config_go_register) {
		g = (u64)bpf_task_pt_regs(bpf_get_current_task_btf());
		bpf_probe_read_kernel(&g, 8, (void *)(g + config_go_register));
	} else if (bpf_core_field_exists(((struct thread_struct *)0)->fsbase)) {
		bpf_probe_read_user(&g, 8, (void *)(OF(current(), thread.fsbase) + (s64)o->slot));
	}
	g = running(o, g);
	if (g)
		identity(o, g, goid, parent);
}

INLINE struct event *begin(struct sock *sk)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(DROPPED);
		return 0;
	}
	e->version = VERSION, e->protocol = IPPROTO_TCP;
#ifdef WALK
	e->flags = FLAG_NOCOOKIE;
	e->cookie = (u64)sk ^ config_salt;
#else
	e->flags = 0;
	e->cookie = sk->__sk_common.skc_cookie.counter;
	if (!e->cookie) /* nobody has asked for it so far */
		e->cookie = bpf_get_socket_cookie(sk);
#endif
	addresses(e, sk);
	return e;
}

INLINE void commit(struct event *e)
{
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	count(EMITTED);
}

/* flush tells of the last call of a message that made no event yet. */
INLINE void flush(struct sock *sk, struct message *m)
{
	struct event *e;
	if (!m->pending)
		return;
	m->pending = 0;
	add(SKIPPED, -1); /* it was */
	e = begin(sk);
	if (!e)
		return;
	e->type = TYPE_IO, e->flags |= FLAG_LATE | m->flags;
	e->length = m->length, e->time = m->time;
	e->tgid = m->tgid, e->tid = m->tid, e->goid = m->goid, e->parent = m->parent;
	e->seq = m->seq, e->position = m->bytes - m->length, e->direction = m->direction;
	e->skipped = m->skipped - 1;
	m->skipped = 0;
	commit(e);
}

/* tell tells of bytes of TCP that a call of the current thread, id, moved; seq is
 * the number of the first. No filter leaves it out. */
INLINE int tell(struct sock *sk, u64 id, u32 seq, u32 length, u8 direction, u8 flags)
{
	struct message *m;
	struct event *e;
	u64 goid, parent;
	u32 tgid = id >> 32;

	m = message_of(sk, 1);
	if (!m) {
		count(BAD);
		return 0;
	}
	/* Who comes late sees what another thread moved meanwhile as its own. */
	if (direction == SENT) {
		if (m->known & 2 && m->next[1] != seq)
			flags |= FLAG_UNCERTAIN;
		m->known |= 2, m->next[1] = seq + length;
	} else {
		if (m->known & 1 && m->next[0] != seq)
			flags |= FLAG_UNCERTAIN;
		m->known |= 1, m->next[0] = seq + length;
	}
	if (m->calls == 0 || m->direction != direction) {
		flush(sk, m);
		m->calls = 0, m->bytes = 0, m->skipped = 0, m->direction = direction;
	}
	m->calls++;
	m->bytes += length;
	goroutine(tgid, &goid, &parent);
	if (m->calls > config_every) {
		count(SKIPPED);
		if (m->skipped < 0xffff)
			m->skipped++;
		m->pending = 1;
		m->time = bpf_ktime_get_ns(), m->tgid = tgid, m->tid = id;
		m->goid = goid, m->parent = parent, m->seq = seq, m->length = length, m->flags = flags;
		return 0;
	}
	e = begin(sk);
	if (!e)
		return 0;
	e->type = TYPE_IO, e->flags |= m->calls == 1 ? FLAG_FIRST | flags : flags;
	e->length = length, e->time = bpf_ktime_get_ns();
	e->tgid = tgid, e->tid = id, e->goid = goid, e->parent = parent;
	e->seq = seq, e->position = m->bytes - length, e->direction = direction;
	e->skipped = 0;
	commit(e);
	return 0;
}

/* moved is tell for bytes that end where the socket stands now: what was
 * written ends at write_seq, what was read at copied_seq. What a filter leaves
 * out is to cost next to nothing, so the filters come before all that is dear,
 * and those that call no helper before those that do. */
INLINE int moved(struct sock *sk, int result, u8 direction)
{
	struct tcp_sock *tp;
	u64 id;
	u16 family;

	if (result <= 0 || !sk)
		return 0;
	family = OF(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if (OF(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (!chosen_port(sk))
		goto left;
	id = bpf_get_current_pid_tgid();
	if (!chosen_thread(id >> 32))
		goto left;
	tp = tcp_of(sk);
	if (!tp)
		return 0;
	return tell(sk, id, place(sk, tp, direction) - result, result, direction, 0);
left:
	count(FILTERED);
	return 0;
}

/* changed tells of a connection that began or ended. The thread is the one
 * that called connect; of other changes the kernel does them for whomever it
 * interrupted, so that there it means nothing. */
INLINE int changed(struct sock *sk, int was, int is)
{
	struct event *e;
	struct message *m;
	struct net *net;
	u64 id;
	u16 family;
#ifdef WALK
	u64 key;
#endif

	if (!sk || (is != TCP_SYN_SENT && is != TCP_ESTABLISHED && is != TCP_CLOSE))
		return 0;
	family = OF(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if (!tcp_of(sk))
		return 0;
	id = bpf_get_current_pid_tgid();
	if (!chosen_port(sk) || (is == TCP_SYN_SENT && !chosen_thread(id >> 32))) {
		count(FILTERED);
		return 0;
	}
	if (is == TCP_CLOSE) {
		m = message_of(sk, 0);
		if (m)
			flush(sk, m);
	}
#ifdef WALK
	/* Also at the beginning: what is read from a closed socket left an entry at
	 * an address that is another socket's now. */
	if (is != TCP_ESTABLISHED || was == TCP_SYN_RECV) {
		key = (u64)sk;
		bpf_map_delete_elem(&messages, &key);
	}
#endif
	e = begin(sk);
	if (!e)
		return 0;
	e->type = TYPE_STATE;
	e->length = (u32)was << 8 | (u32)is, e->time = bpf_ktime_get_ns();
	e->tgid = 0, e->tid = 0, e->goid = 0, e->parent = 0;
	if (is == TCP_SYN_SENT) {
		e->tgid = id >> 32, e->tid = id;
		goroutine(id >> 32, &e->goid, &e->parent);
	}
	net = OF(sk, __sk_common.skc_net.net);
	e->seq = OF(net, ns.inum);
	e->position = 0, e->direction = 0, e->skipped = 0;
	commit(e);
	return 0;
}

/* process tells of a program that was replaced, or that ended with its last
 * thread. */
INLINE int process(u8 type)
{
	struct signal_struct *signal;
	struct event *e;
	u64 id = bpf_get_current_pid_tgid();
	u32 tgid = id >> 32;
	if (type == TYPE_EXIT) {
		signal = OF(current(), signal);
		if (OF(signal, live.counter) > 0)
			return 0;
	}
	bpf_map_delete_elem(&goprocs, &tgid);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(DROPPED);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->version = VERSION, e->type = type, e->time = bpf_ktime_get_ns();
	e->tgid = tgid, e->tid = id;
	commit(e);
	return 0;
}
