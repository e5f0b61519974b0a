/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * Tier "fexit": behind the send and receive functions of TCP over IPv4 and
 * IPv6, on kernels without the tracepoints of tier "sock". Their arguments have
 * been the same since 5.5, which those of tcp_recvmsg have not.
 */
#include "event.h"

INLINE struct sock *of(u64 *ctx) { return OF((struct socket *)ctx[0], sk); }

SEC("fexit/inet_sendmsg")
int inet_sendmsg_exit(u64 *ctx) { return moved(of(ctx), (int)ctx[3], SENT); }

SEC("fexit/inet6_sendmsg")
int inet6_sendmsg_exit(u64 *ctx) { return moved(of(ctx), (int)ctx[3], SENT); }

SEC("fexit/inet_recvmsg")
int inet_recvmsg_exit(u64 *ctx) { return (int)ctx[3] & MSG_ASIDE ? 0 : moved(of(ctx), (int)ctx[4], RECEIVED); }

SEC("fexit/inet6_recvmsg")
int inet6_recvmsg_exit(u64 *ctx) { return (int)ctx[3] & MSG_ASIDE ? 0 : moved(of(ctx), (int)ctx[4], RECEIVED); }

/* sendfile before 6.5; the function is gone since. */
SEC("fexit/inet_sendpage")
int inet_sendpage_exit(u64 *ctx) { return moved(of(ctx), (int)ctx[5], SENT); }

SEC("tp_btf/inet_sock_set_state")
int sock_state(u64 *ctx) { return changed(socket_arg(&ctx[0]), (int)ctx[1], (int)ctx[2]); }

SEC("tp_btf/sched_process_exec")
int proc_exec(u64 *ctx) { return process(TYPE_EXEC); }

SEC("tp_btf/sched_process_exit")
int proc_exit(u64 *ctx) { return process(TYPE_EXIT); }

char _license[] SEC("license") = "Dual BSD/GPL";
