/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * Which goroutine wakes which: a probe in runtime.ready(gp, ..), of processes
 * that the user names. It shares ring, counters and offsets with the object of
 * a tier.
 */
#include "goroutine.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

/* As in event.h. */
enum { SEEN, FILTERED, EMITTED, DROPPED };

struct counts {
	u64 n[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counts);
} stats SEC(".maps");

/* What came of a process whose wakes are told. */
struct waking {
	u64 hits;   /* of the probe */
	u64 window; /* second in which hits_in were counted */
	u32 hits_in, limit; /* beyond the limit nothing is told until the second is over */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, struct waking);
} gowakes SEC(".maps");

/* Set before loading: where struct pt_regs has the first argument and g. */
const volatile u32 config_arg = 80; /* amd64: ax */
const volatile u32 config_g = 8;    /* amd64: r14 */

INLINE u64 at(void *regs, u32 offset)
{
	u64 v = 0;
	bpf_probe_read_kernel(&v, sizeof(v), regs + offset);
	return v;
}

/* allowed counts a hit, and reports whether it may be told. */
INLINE int allowed(struct waking *w, u64 now)
{
	u64 second = now >> 30;
	__sync_fetch_and_add(&w->hits, 1);
	if (w->window != second)
		w->window = second, w->hits_in = 0;
	__sync_fetch_and_add(&w->hits_in, 1);
	return w->hits_in <= w->limit;
}

SEC("uprobe")
int go_ready(void *regs)
{
	u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns(), gp, from = 0, to = 0, none, g;
	u32 tgid = id >> 32, cpu = bpf_get_smp_processor_id();
	struct waking *w = bpf_map_lookup_elem(&gowakes, &tgid);
	struct go_offsets *o = bpf_map_lookup_elem(&goprocs, &tgid);
	struct counts *c = bpf_map_lookup_elem(&stats, &cpu);
	struct event *e;
	u8 reason = 0;

	if (!w || !o || !c || !allowed(w, now))
		return 0;
	gp = at(regs, config_arg);
	if (bpf_probe_read_user(&reason, 1, (void *)(gp + o->waitreason)) || reason >= 64 || !(o->reasons >> reason & 1))
		return 0;
	g = running(o, at(regs, config_g));
	if (!g)
		return 0; /* a timer, or the network */
	identity(o, g, &from, &none);
	identity(o, gp, &to, &none);
	if (!from || !to)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&c->n[DROPPED], 1);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->version = VERSION, e->type = TYPE_GOWAKE, e->time = now;
	e->tgid = tgid, e->tid = id, e->goid = from, e->parent = to;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	__sync_fetch_and_add(&c->n[EMITTED], 1);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
