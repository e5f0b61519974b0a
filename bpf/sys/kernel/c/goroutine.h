/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * What the runtime of a Go program keeps of a goroutine, a struct g.
 */
#pragma once
#include "record.h"

/* Where it keeps what; see bpf/sys/goroutines. */
struct go_offsets {
	u32 goid, parent, m, curg;
	s32 slot;       /* of g behind the thread pointer */
	u32 waitreason;
	u64 reasons;    /* set of those that are told */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct go_offsets);
} goprocs SEC(".maps");

/* running is the goroutine of a thread whose g is known: while the runtime, or
 * C, runs on a stack of the thread, g is not a goroutine, but g.m.curg is. */
INLINE u64 running(struct go_offsets *o, u64 g)
{
	u64 m = 0, cur = 0;
	if (!g || bpf_probe_read_user(&m, 8, (void *)(g + o->m)) || !m || bpf_probe_read_user(&cur, 8, (void *)(m + o->curg)))
		return 0;
	return cur;
}

INLINE void identity(struct go_offsets *o, u64 g, u64 *goid, u64 *parent)
{
	bpf_probe_read_user(goid, 8, (void *)(g + o->goid));
	if (o->parent)
		bpf_probe_read_user(parent, 8, (void *)(g + o->parent));
}
