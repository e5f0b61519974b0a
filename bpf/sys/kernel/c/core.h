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

/* Programs that find sockets themselves (WALK) hold plain addresses, which only
 * a helper may read; others hold pointers that the verifier knows. OF is a
 * field, either way. */
#ifdef WALK
#define OF(p, field) ({ \
	typeof((p)->field) of_ = 0; \
	bpf_probe_read_kernel(&of_, sizeof(of_), (const void *)__builtin_preserve_access_index(&(p)->field)); \
	of_; \
})
#else
#define OF(p, field) ((p)->field)
#endif

#define bpf_core_field_exists(field) __builtin_preserve_field_info(field, 2)

/* bpf_map_type and flags, include/uapi/linux/bpf.h */
#define BPF_MAP_TYPE_HASH 1
#define BPF_MAP_TYPE_ARRAY 2
#define BPF_MAP_TYPE_LRU_HASH 9
#define BPF_MAP_TYPE_SK_STORAGE 24
#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_F_NO_PREALLOC 1
#define BPF_F_MMAPABLE 1024
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
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*bpf_get_smp_processor_id)(void) = (void *)8;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*bpf_get_current_task)(void) = (void *)35;
static u64 (*bpf_get_socket_cookie)(void *sk) = (void *)46;
static u64 (*bpf_get_current_cgroup_id)(void) = (void *)80;
static void *(*bpf_sk_storage_get)(void *map, void *sk, void *value, u64 flags) = (void *)107;
static long (*bpf_probe_read_user)(void *dst, u32 size, const void *src) = (void *)112;
static long (*bpf_probe_read_kernel)(void *dst, u32 size, const void *src) = (void *)113;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;
static struct tcp_sock *(*bpf_skc_to_tcp_sock)(void *sk) = (void *)137;
static struct task_struct *(*bpf_get_current_task_btf)(void) = (void *)158;
static void *(*bpf_task_pt_regs)(struct task_struct *task) = (void *)175;

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

typedef struct {
	s64 counter;
} CORE atomic64_t;

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
	u8 skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
} CORE;

struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
	int sk_err;
} CORE;

struct inet_sock {
	u16 inet_sport;
} CORE;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
} CORE;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt;
	u32 copied_seq;
	u32 write_seq;
} CORE;

struct socket {
	struct sock *sk;
} CORE;

struct inode {
	u16 i_mode;
} CORE;

struct file {
	struct inode *f_inode;
	void *private_data;
} CORE;

struct fdtable {
	u32 max_fds;
	struct file **fd;
} CORE;

struct files_struct {
	struct fdtable *fdt;
} CORE;

typedef struct {
	int counter;
} CORE atomic_t;

struct signal_struct {
	atomic_t live;
} CORE;

struct thread_struct {
	unsigned long fsbase;
} CORE;

struct thread_info {
	unsigned long flags;
	u32 status;
} CORE;

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	struct files_struct *files;
	struct signal_struct *signal;
	struct thread_struct thread;
} CORE;

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

/* include/linux/socket.h: what is looked at or comes from a queue of its own
 * does not move the place in the stream. */
#define MSG_OOB 1
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000
#define MSG_ASIDE (MSG_OOB | MSG_PEEK | MSG_ERRQUEUE)
