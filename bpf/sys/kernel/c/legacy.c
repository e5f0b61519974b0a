/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * Tier "legacy": system call tracepoints for Linux 4.14 and later without BTF.
 * Nothing of the kernel's memory is read, for nobody says how it is laid out:
 * bytes are counted by process and file descriptor from accept, or connect, on,
 * so that a sequence number counts from the beginning of the connection.
 * Where something could move bytes behind our back (dup, io_uring, sendmmsg)
 * the connection is given up; where several threads move them at the same time,
 * the events are marked as uncertain.
 *
 * Rules of 4.14: no global data, no loops, no calls of functions, no BTF, 4,096
 * instructions, and helpers of that time only.
 */
#include "core.h"

#define BPF_MAP_TYPE_PERF_EVENT_ARRAY 4
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_F_CURRENT_CPU 0xffffffffULL

static long (*bpf_probe_read)(void *dst, u32 size, const void *src) = (void *)4;
static long (*bpf_perf_event_output)(void *ctx, void *map, u64 flags, const void *data, u64 size) = (void *)25;

#include "record.h"

enum { SEEN, FILTERED, EMITTED, DROPPED, BAD, SKIPPED, NUM_COUNTS };

struct counts {
	u64 n[8];
};

/* An event, and what was counted on its CPU: the reader may not ask later on. */
struct record {
	struct event e;
	struct counts c;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counts);
} stats SEC(".maps");

/* What is decided by user space. */
struct config {
	u32 own;     /* tgid that is left out */
	u32 by_tgid; /* only those in tgids */
	u32 every;   /* calls of a message that make an event each */
	u32 narrow;  /* inet_sock_set_state has a protocol of one byte (before 5.6) */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u8);
} tgids SEC(".maps");

/* When a process last became one whose file descriptors are others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u64);
} births SEC(".maps");

struct descriptor {
	u32 tgid, fd;
};

struct endpoint {
	u32 addr[4];
	u32 port;
};

/* A TCP socket behind a file descriptor. */
struct stream {
	u64 id;   /* 0: not connected */
	u64 born; /* births of its process must be older */
	struct endpoint local, remote; /* port 0: not known */
	u32 place[2];                  /* bytes received and sent */
	u32 inside[2];                 /* threads that receive and send */
	u64 mixed[2];                  /* when there was last more than one */
	u32 calls, bytes;              /* of the message under way */
	u32 tid, seq, length;          /* of its last call, if that made no event */
	u32 skipped;
	u64 time;
	u8 direction, pending;
	u16 flags; /* of the call that made no event */
	u8 unused[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct descriptor);
	__type(value, struct stream);
} streams SEC(".maps");

enum { READS = 1, WRITES, ACCEPTS, CONNECTS, SOCKETS };

/* A call that a thread is in. */
struct flight {
	u32 kind, fd;
	union {
		u64 addr;  /* accept: where the peer's address goes */
		u64 since; /* reads and writes: when it began */
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct flight);
} flights SEC(".maps");

/* Sockets that connect, by their address. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct descriptor);
} opening SEC(".maps");

/* Local ends of connections that came, by their remote ends. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct endpoint);
	__type(value, struct endpoint);
} arrived SEC(".maps");

/* Contexts of tracepoints; events/syscalls/.../format. */
struct entering {
	u64 common;
	u64 number;
	u64 args[6];
};

struct leaving {
	u64 common;
	u64 number;
	s64 result;
};

INLINE struct config *configured(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&config, &zero);
}

INLINE struct counts *counters(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&stats, &zero);
}

INLINE void emit(void *ctx, struct counts *c, struct record *r)
{
	r->e.version = VERSION, r->e.protocol = IPPROTO_TCP;
	r->e.flags |= FLAG_RELATIVE;
	c->n[EMITTED]++;
	r->c = *c;
	if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, r, sizeof(*r))) {
		c->n[EMITTED]--;
		c->n[DROPPED]++;
	}
}

INLINE void place_of(struct event *e, struct stream *s)
{
	e->local[0] = s->local.addr[0], e->local[1] = s->local.addr[1], e->local[2] = s->local.addr[2], e->local[3] = s->local.addr[3];
	e->remote[0] = s->remote.addr[0], e->remote[1] = s->remote.addr[1], e->remote[2] = s->remote.addr[2], e->remote[3] = s->remote.addr[3];
	e->lport = s->local.port, e->rport = s->remote.port;
	if (!s->local.port || !s->remote.port)
		e->flags |= FLAG_TRUNCATED;
	e->cookie = s->id;
}

/* stream_of finds what is known of a file descriptor of this process. */
INLINE struct stream *stream_of(u32 fd)
{
	struct descriptor d = {bpf_get_current_pid_tgid() >> 32, fd};
	struct stream *s = bpf_map_lookup_elem(&streams, &d);
	u64 *birth;
	if (!s)
		return 0;
	birth = bpf_map_lookup_elem(&births, &d.tgid);
	if (birth && *birth >= s->born)
		return 0;
	return s;
}

INLINE void give_up(u32 fd)
{
	struct descriptor d = {bpf_get_current_pid_tgid() >> 32, fd};
	bpf_map_delete_elem(&streams, &d);
}

/* reborn forgets all file descriptors of this process. */
INLINE void reborn(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 now = bpf_ktime_get_ns();
	bpf_map_update_elem(&births, &tgid, &now, BPF_ANY);
}

INLINE int fly(u32 kind, u32 fd, u64 addr)
{
	u64 id = bpf_get_current_pid_tgid();
	struct flight f = {kind, fd, {addr}};
	bpf_map_update_elem(&flights, &id, &f, BPF_ANY);
	return 0;
}

/* carry begins a call that moves bytes. Which of several threads moves first is
 * not seen: where their bytes lie is uncertain, how many there are is not. */
INLINE int carry(u32 kind, u32 fd)
{
	struct stream *s = stream_of(fd);
	u64 now = bpf_ktime_get_ns();
	u32 way = kind == WRITES;
	if (!s)
		return 0;
	__sync_fetch_and_add(way ? &s->inside[1] : &s->inside[0], 1);
	if ((way ? s->inside[1] : s->inside[0]) > 1)
		*(way ? &s->mixed[1] : &s->mixed[0]) = now;
	return fly(kind, fd, now);
}

INLINE u64 new_id(void) { return bpf_ktime_get_ns() << 8 | (bpf_get_smp_processor_id() & 0xff); }

SEC("tracepoint/syscalls/sys_enter_read")
int enter_read(struct entering *ctx) { return carry(READS, ctx->args[0]); }

SEC("tracepoint/syscalls/sys_enter_recvfrom")
int enter_recvfrom(struct entering *ctx)
{
	return ctx->args[3] & MSG_ASIDE ? 0 : carry(READS, ctx->args[0]);
}

SEC("tracepoint/syscalls/sys_enter_recvmsg")
int enter_recvmsg(struct entering *ctx)
{
	return ctx->args[2] & MSG_ASIDE ? 0 : carry(READS, ctx->args[0]);
}

SEC("tracepoint/syscalls/sys_enter_write")
int enter_write(struct entering *ctx) { return carry(WRITES, ctx->args[0]); }

SEC("tracepoint/syscalls/sys_enter_splice")
int enter_splice(struct entering *ctx)
{
	return stream_of(ctx->args[2]) ? carry(WRITES, ctx->args[2]) : carry(READS, ctx->args[0]);
}

/* The result of sendmmsg and recvmmsg counts messages, so the place is lost. */
SEC("tracepoint/syscalls/sys_enter_sendmmsg")
int enter_lose(struct entering *ctx)
{
	give_up(ctx->args[0]);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_dup2")
int enter_dup(struct entering *ctx)
{
	give_up(ctx->args[0]);
	give_up(ctx->args[1]);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_fcntl")
int enter_fcntl(struct entering *ctx)
{
	if (ctx->args[1] == 0 || ctx->args[1] == 1030) /* F_DUPFD, F_DUPFD_CLOEXEC */
		give_up(ctx->args[0]);
	return 0;
}

/* What io_uring does is not seen; after close_range all numbers may be others. */
SEC("tracepoint/syscalls/sys_enter_io_uring_setup")
int enter_blind(void *ctx)
{
	reborn();
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_accept4")
int enter_accept(struct entering *ctx) { return fly(ACCEPTS, 0, ctx->args[1]); }

SEC("tracepoint/syscalls/sys_enter_socket")
int enter_socket(struct entering *ctx)
{
	u64 family = ctx->args[0];
	return (family == AF_INET || family == AF_INET6) && (ctx->args[1] & 0xf) == 1 ? fly(SOCKETS, 0, 0) : 0;
}

/* peer reads a socket address of a program; port 0 if it is none of IP. */
INLINE void peer(struct endpoint *e, const void *addr)
{
	u16 head[2] = {};
	__builtin_memset(e, 0, sizeof(*e));
	if (!addr || bpf_probe_read(head, sizeof(head), addr))
		return;
	if (head[0] == AF_INET) {
		e->addr[2] = 0xffff0000;
		bpf_probe_read(&e->addr[3], 4, addr + 4);
	} else if (head[0] == AF_INET6) {
		bpf_probe_read(e->addr, 16, addr + 8);
	} else {
		return;
	}
	e->port = (u16)(head[1] << 8 | head[1] >> 8);
}

SEC("tracepoint/syscalls/sys_enter_connect")
int enter_connect(struct entering *ctx)
{
	struct stream *s = stream_of(ctx->args[0]);
	if (!s)
		return 0;
	if (s->id == 0) { /* else it is asked how an attempt went */
		s->id = new_id();
		peer(&s->remote, (const void *)ctx->args[1]);
	}
	return fly(CONNECTS, ctx->args[0], 0);
}

/* flush tells of the last call of a message that was counted as skipped. Process,
 * descriptor and addresses are there already. */
INLINE void flush(void *ctx, struct counts *c, struct stream *s, struct record *r)
{
	u16 flags = r->e.flags;
	u8 type = r->e.type;
	if (!s->pending)
		return;
	s->pending = 0;
	c->n[SKIPPED]--;
	r->e.type = TYPE_IO, r->e.flags |= FLAG_LATE | s->flags;
	r->e.length = s->length, r->e.time = s->time, r->e.tid = s->tid, r->e.seq = s->seq;
	r->e.position = s->bytes - s->length, r->e.direction = s->direction;
	r->e.skipped = s->skipped - 1;
	emit(ctx, c, r);
	r->e.type = type, r->e.flags = flags;
}

SEC("tracepoint/syscalls/sys_enter_close")
int enter_close(struct entering *ctx)
{
	struct stream *s = stream_of(ctx->args[0]);
	struct counts *c = counters();
	struct record r = {};
	if (!s || !c)
		return 0;
	if (s->id) {
		place_of(&r.e, s);
		r.e.tgid = bpf_get_current_pid_tgid() >> 32, r.e.parent = ctx->args[0];
		flush(ctx, c, s, &r);
		c->n[SEEN]++;
		r.e.type = TYPE_STATE, r.e.time = bpf_ktime_get_ns();
		r.e.length = 1 << 8 | 7, r.e.seq = 0, r.e.position = 0, r.e.direction = 0, r.e.skipped = 0;
		r.e.tgid = 0, r.e.tid = 0, r.e.parent = 0;
		emit(ctx, c, &r);
	}
	give_up(ctx->args[0]);
	return 0;
}

/* chosen reports whether calls of this process are told. */
INLINE int chosen(struct config *cfg, u32 tgid)
{
	return tgid != cfg->own && (!cfg->by_tgid || bpf_map_lookup_elem(&tgids, &tgid));
}

/* opened tells of a connection that a thread accepted or tries to open. */
INLINE void opened(void *ctx, struct counts *c, struct stream *s, u32 fd, u32 states)
{
	struct record r = {};
	u64 id = bpf_get_current_pid_tgid();
	c->n[SEEN]++;
	r.e.type = TYPE_STATE, r.e.time = bpf_ktime_get_ns(), r.e.length = states;
	r.e.tgid = id >> 32, r.e.tid = id, r.e.parent = fd;
	place_of(&r.e, s);
	emit(ctx, c, &r);
}

INLINE void accepted(void *ctx, struct counts *c, struct flight *f, u32 fd)
{
	struct descriptor d = {bpf_get_current_pid_tgid() >> 32, fd};
	struct stream s = {};
	struct endpoint *local;
	s.born = bpf_ktime_get_ns();
	s.id = new_id();
	peer(&s.remote, (const void *)f->addr);
	if (f->addr && !s.remote.port)
		return; /* of another family than IP */
	local = bpf_map_lookup_elem(&arrived, &s.remote);
	if (local) {
		s.local = *local;
		bpf_map_delete_elem(&arrived, &s.remote);
	}
	bpf_map_update_elem(&streams, &d, &s, BPF_ANY);
	opened(ctx, c, &s, fd, 3 << 8 | 1);
}

/* moved counts bytes and tells of them. The call that moved them began at since. */
INLINE void moved(void *ctx, struct counts *c, struct config *cfg, struct stream *s, u32 fd, u32 length, u8 direction, u64 since)
{
	struct record r = {};
	u64 id = bpf_get_current_pid_tgid();
	u32 at = direction ? s->place[1] : s->place[0];
	u16 flags = (direction ? s->mixed[1] : s->mixed[0]) >= since ? FLAG_UNCERTAIN : 0;
	__sync_fetch_and_add(direction ? &s->place[1] : &s->place[0], length);
	c->n[SEEN]++;
	if (!chosen(cfg, id >> 32)) {
		c->n[FILTERED]++;
		return;
	}
	r.e.type = TYPE_IO;
	r.e.tgid = id >> 32;
	r.e.parent = fd;
	place_of(&r.e, s);
	if (s->calls == 0 || s->direction != direction) {
		flush(ctx, c, s, &r);
		s->calls = 0, s->bytes = 0, s->skipped = 0, s->pending = 0, s->direction = direction;
		flags |= FLAG_FIRST;
	}
	s->calls++;
	s->bytes += length;
	r.e.length = length, r.e.time = bpf_ktime_get_ns(), r.e.tid = id, r.e.seq = at;
	r.e.position = s->bytes - length, r.e.direction = direction, r.e.skipped = 0;
	if (s->calls > cfg->every) {
		c->n[SKIPPED]++;
		if (s->skipped < 0xffff)
			s->skipped++;
		s->pending = 1;
		s->time = r.e.time, s->tid = id, s->seq = at, s->length = length, s->flags = flags & FLAG_UNCERTAIN;
		return;
	}
	r.e.flags |= flags;
	emit(ctx, c, &r);
}

SEC("tracepoint/syscalls/sys_exit_read")
int leave(struct leaving *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct flight *f = bpf_map_lookup_elem(&flights, &id), was;
	struct config *cfg = configured();
	struct counts *c = counters();
	struct stream *s;
	s64 result = ctx->result;

	if (!f || !cfg || !c)
		return 0;
	was = *f;
	bpf_map_delete_elem(&flights, &id);
	if (was.kind == ACCEPTS) {
		if (result >= 0)
			accepted(ctx, c, &was, result);
		return 0;
	}
	if (was.kind == SOCKETS) {
		struct descriptor d = {id >> 32, result};
		struct stream none = {};
		none.born = bpf_ktime_get_ns();
		if (result >= 0)
			bpf_map_update_elem(&streams, &d, &none, BPF_ANY);
		return 0;
	}
	s = stream_of(was.fd);
	if (!s || !s->id)
		return 0;
	if (was.kind == CONNECTS) {
		if (result == 0 || result == -115) /* EINPROGRESS */
			opened(ctx, c, s, was.fd, 7 << 8 | 2);
		else if (result != -106 && result != -114 && result != -4) /* EISCONN, EALREADY, EINTR */
			s->id = 0;
		return 0;
	}
	if (s->born > was.since)
		return 0; /* the descriptor is another by now */
	if ((was.kind == WRITES ? s->inside[1] : s->inside[0]) > 1)
		*(was.kind == WRITES ? &s->mixed[1] : &s->mixed[0]) = bpf_ktime_get_ns();
	if (result > 0)
		moved(ctx, c, cfg, s, was.fd, result, was.kind == WRITES, was.since);
	__sync_fetch_and_add(was.kind == WRITES ? &s->inside[1] : &s->inside[0], (u32)-1);
	return 0;
}

/* events/sock/inet_sock_set_state/format, 4.16; protocol has been of two bytes
 * since 5.6, so that all behind it moved by one. */
struct changing {
	u64 common;
	u64 sk;
	s32 was, is;
	u16 sport, dport, family;
};

enum { NARROW = 39, WIDE = 40 };

SEC("tracepoint/sock/inet_sock_set_state")
int sock_state(struct changing *ctx)
{
	u64 sk = ctx->sk, id;
	struct config *cfg = configured();
	struct descriptor *d, key;
	struct endpoint local = {}, remote = {};
	struct flight *f;
	struct stream *s;
	int was = ctx->was, is = ctx->is;

	if (is == 2) { /* SYN sent: by the thread that calls connect */
		id = bpf_get_current_pid_tgid();
		f = bpf_map_lookup_elem(&flights, &id);
		if (f && f->kind == CONNECTS) {
			key.tgid = id >> 32, key.fd = f->fd;
			bpf_map_update_elem(&opening, &sk, &key, BPF_ANY);
		}
		return 0;
	}
	if (is == 7) {
		bpf_map_delete_elem(&opening, &sk);
		return 0;
	}
	if (is != 1 || !cfg || (ctx->family != AF_INET && ctx->family != AF_INET6))
		return 0;
	if (cfg->narrow) {
		bpf_probe_read(local.addr, 16, (void *)ctx + NARROW);
		bpf_probe_read(remote.addr, 16, (void *)ctx + NARROW + 16);
	} else {
		bpf_probe_read(local.addr, 16, (void *)ctx + WIDE);
		bpf_probe_read(remote.addr, 16, (void *)ctx + WIDE + 16);
	}
	local.port = ctx->sport, remote.port = ctx->dport;
	if (was == 3) {
		bpf_map_update_elem(&arrived, &remote, &local, BPF_ANY);
		return 0;
	}
	d = bpf_map_lookup_elem(&opening, &sk);
	if (!d)
		return 0;
	key = *d;
	bpf_map_delete_elem(&opening, &sk);
	s = bpf_map_lookup_elem(&streams, &key);
	if (s)
		s->local = local, s->remote = remote;
	return 0;
}

INLINE int process(void *ctx, u8 type)
{
	struct counts *c = counters();
	struct record r = {};
	u64 id = bpf_get_current_pid_tgid();
	if (!c || (u32)id != id >> 32)
		return 0;
	reborn();
	c->n[SEEN]++;
	r.e.type = type, r.e.time = bpf_ktime_get_ns(), r.e.tgid = id >> 32, r.e.tid = id;
	emit(ctx, c, &r);
	return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int proc_exec(void *ctx) { return process(ctx, TYPE_EXEC); }

SEC("tracepoint/sched/sched_process_exit")
int proc_exit(void *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	bpf_map_delete_elem(&flights, &id);
	return process(ctx, TYPE_EXIT);
}

char _license[] SEC("license") = "Dual BSD/GPL";
