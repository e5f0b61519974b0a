/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * Tier "syscall": entry and exit of system calls, for kernels where functions
 * cannot be attached to. It finds the socket behind a file descriptor itself.
 * io_uring makes no system calls that could be seen.
 */
#define WALK
#include "event.h"

/* What a system call does; the numbers of the calls differ by architecture, so
 * user space fills the table. */
enum { NOTHING, READS, READS_FLAGS3, READS_FLAGS2, READS_MANY, WRITES, WRITES_MANY, SPLICES };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512);
	__type(key, u32);
	__type(value, u32);
} calls SEC(".maps");

/* Set before loading: where struct pt_regs keeps arguments 0, 2 and 3, and what
 * says that a call is one of a 32-bit program, whose numbers are others. */
const volatile u32 config_arg0 = 112, config_arg2 = 96, config_arg3 = 56;
const volatile u32 config_compat_status = 2; /* TS_COMPAT */
const volatile u32 config_compat_flag = 0;   /* _TIF_32BIT */

/* A call that a thread is in. */
struct flight {
	u64 sk;
	u32 seq; /* where the socket stood when it began */
	u8 direction;
	u8 many; /* the result counts messages */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct flight);
} flights SEC(".maps");

INLINE u64 argument(u64 regs, u32 offset)
{
	u64 v = 0;
	bpf_probe_read_kernel(&v, sizeof(v), (const void *)(regs + offset));
	return v;
}

/* socket_of finds the TCP socket behind a file descriptor of this process. */
INLINE struct sock *socket_of(struct task_struct *task, u32 fd)
{
	struct files_struct *files = OF(task, files);
	struct fdtable *fdt = OF(files, fdt);
	struct file **fds, *file = 0;
	struct inode *inode;
	struct socket *socket;
	struct sock *sk;
	u16 family;
	if (!files || !fdt || fd >= OF(fdt, max_fds))
		return 0;
	fds = OF(fdt, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), fds + fd) || !file)
		return 0;
	inode = OF(file, f_inode);
	if ((OF(inode, i_mode) & 0170000) != 0140000) /* S_ISSOCK */
		return 0;
	socket = OF(file, private_data);
	sk = OF(socket, sk);
	if (!sk)
		return 0;
	family = OF(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	return tcp_of(sk) ? sk : 0;
}

/* foreign reports calls of 32-bit programs. */
INLINE int foreign(struct task_struct *task)
{
	if (bpf_core_field_exists(((struct task_struct *)0)->thread_info.status) &&
	    OF(task, thread_info.status) & config_compat_status)
		return 1;
	return (OF(task, thread_info.flags) & config_compat_flag) != 0;
}

SEC("tp_btf/sys_enter")
int call_enter(u64 *ctx)
{
	u64 regs = ctx[0], id;
	u32 number = ctx[1], *kind;
	struct flight f = {};
	struct task_struct *task;
	struct sock *sk;

	if (ctx[1] >= 512)
		return 0;
	kind = bpf_map_lookup_elem(&calls, &number);
	if (!kind || *kind == NOTHING)
		return 0;
	if (*kind == READS_FLAGS3 && argument(regs, config_arg3) & MSG_ASIDE)
		return 0;
	if (*kind == READS_MANY && argument(regs, config_arg3) & MSG_ASIDE)
		return 0;
	if (*kind == READS_FLAGS2 && argument(regs, config_arg2) & MSG_ASIDE)
		return 0;
	task = current();
	if (foreign(task))
		return 0;
	f.direction = *kind >= WRITES ? SENT : RECEIVED;
	f.many = *kind == READS_MANY || *kind == WRITES_MANY;
	if (*kind == SPLICES) {
		sk = socket_of(task, argument(regs, config_arg2));
		if (!sk) {
			sk = socket_of(task, argument(regs, config_arg0));
			f.direction = RECEIVED;
		}
	} else {
		sk = socket_of(task, argument(regs, config_arg0));
	}
	if (!sk)
		return 0;
	id = bpf_get_current_pid_tgid();
	if (!chosen_port(sk) || !chosen_thread(id >> 32)) {
		count(FILTERED); /* here: the rest is dear */
		return 0;
	}
	f.sk = (u64)sk;
	f.seq = place(sk, (struct tcp_sock *)sk, f.direction);
	bpf_map_update_elem(&flights, &id, &f, BPF_ANY);
	return 0;
}

SEC("tp_btf/sys_exit")
int call_exit(u64 *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct flight *f = bpf_map_lookup_elem(&flights, &id), was;
	struct sock *sk;
	s64 result = (s64)ctx[1];
	u32 end, length;
	u8 flags = 0;

	if (!f)
		return 0;
	was = *f;
	bpf_map_delete_elem(&flights, &id);
	if (result <= 0)
		return 0;
	sk = (struct sock *)was.sk;
	end = place(sk, (struct tcp_sock *)sk, was.direction);
	length = was.many ? end - was.seq : (u32)result;
	if (length == 0 || end == was.seq)
		return 0; /* it was looked at only */
	if (end - was.seq != length)
		flags = FLAG_UNCERTAIN; /* another thread was here, too */
	if (!chosen_port(sk) || !chosen_thread(id >> 32)) {
		count(FILTERED); /* by a filter that did not hold yet when it began */
		return 0;
	}
	return tell(sk, id, end - length, length, was.direction, flags);
}

SEC("tp_btf/inet_sock_set_state")
int sock_state(u64 *ctx) { return changed(socket_arg(&ctx[0]), (int)ctx[1], (int)ctx[2]); }

SEC("tp_btf/sched_process_exec")
int proc_exec(u64 *ctx) { return process(TYPE_EXEC); }

/* A thread that is killed in a call never leaves it. */
SEC("tp_btf/sched_process_exit")
int proc_exit(u64 *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	bpf_map_delete_elem(&flights, &id);
	return process(TYPE_EXIT);
}

char _license[] SEC("license") = "Dual BSD/GPL";
