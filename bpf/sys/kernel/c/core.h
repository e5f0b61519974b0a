/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * What our programs need of the kernel's types and helpers. Fields are found by
 * name when an object is loaded (CO-RE), so order and size here mean nothing;
 * fields that a kernel lacks are asked for with bpf_core_field_exists.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define CORE __attribute__((preserve_access_index))

#define bpf_core_field_exists(field) __builtin_preserve_field_info(field, 2)

/* bpf_map_type and flags, include/uapi/linux/bpf.h */
#define BPF_MAP_TYPE_HASH 1
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_SK_STORAGE 24
#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_F_NO_PREALLOC 1
#define BPF_SK_STORAGE_GET_F_CREATE 1
#define BPF_RB_NO_WAKEUP 1
#define BPF_ANY 0

#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

/* Helpers, by their numbers in include/uapi/linux/bpf.h. */
struct sock;
struct tcp_sock;
struct task_struct;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*bpf_get_socket_cookie)(void *sk) = (void *)46;
static u64 (*bpf_get_current_cgroup_id)(void) = (void *)80;
static void *(*bpf_sk_storage_get)(void *map, void *sk, void *value, u64 flags) = (void *)107;
static long (*bpf_probe_read_user)(void *dst, u32 size, const void *src) = (void *)112;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;
static struct tcp_sock *(*bpf_skc_to_tcp_sock)(void *sk) = (void *)137;
static struct task_struct *(*bpf_get_current_task_btf)(void) = (void *)158;

struct in6_addr {
	union {
		u32 u6_addr32[4];
	} in6_u;
} CORE;

struct ns_common {
	u32 inum;
} CORE;

struct net {
	struct ns_common ns;
} CORE;

typedef struct {
	struct net *net;
} CORE possible_net_t;

struct sock_common {
	union {
		struct {
			u32 skc_daddr;
			u32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			u16 skc_dport;
			u16 skc_num;
		};
	};
	u16 skc_family;
	volatile u8 skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} CORE;

struct sock {
	struct sock_common __sk_common;
} CORE;

struct tcp_sock {
	u32 copied_seq;
	u32 write_seq;
} CORE;

struct socket {
	struct sock *sk;
} CORE;

struct thread_struct {
	unsigned long fsbase;
} CORE;

struct task_struct {
	int pid;
	int tgid;
	struct thread_struct thread;
} CORE;

#define AF_INET 2
#define AF_INET6 10
