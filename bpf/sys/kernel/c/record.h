/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * The event; bpf/sys/event.go decodes it, both name every field by its offset.
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
enum { TYPE_IO = 1, TYPE_GOWAKE = 3, TYPE_STATE = 4, TYPE_EXEC = 5, TYPE_EXIT = 6 };
enum { FLAG_UNCERTAIN = 1, FLAG_NOCOOKIE = 4, FLAG_TRUNCATED = 8, FLAG_FIRST = 16, FLAG_LATE = 64, FLAG_RELATIVE = 128 };
enum { RECEIVED, SENT };
