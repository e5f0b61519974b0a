/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
 *
 * Tier "sock": the tracepoints behind every send and receive on a socket
 * (include/trace/events/sock.h). They see io_uring and sendfile, and cost
 * nothing where no socket is.
 */
#include "event.h"

SEC("tp_btf/sock_send_length")
int sock_send(u64 *ctx) { return moved(socket_arg(&ctx[0]), (int)ctx[1], SENT); }

SEC("tp_btf/sock_recv_length")
int sock_recv(u64 *ctx) { return (int)ctx[2] & MSG_ASIDE ? 0 : moved(socket_arg(&ctx[0]), (int)ctx[1], RECEIVED); }

SEC("tp_btf/inet_sock_set_state")
int sock_state(u64 *ctx) { return changed(socket_arg(&ctx[0]), (int)ctx[1], (int)ctx[2]); }

SEC("tp_btf/sched_process_exec")
int proc_exec(u64 *ctx) { return process(TYPE_EXEC); }

SEC("tp_btf/sched_process_exit")
int proc_exit(u64 *ctx) { return process(TYPE_EXIT); }

char _license[] SEC("license") = "Dual BSD/GPL";
