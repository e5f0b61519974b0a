// Package sys learns from the kernel which process, thread and goroutine moved
// which bytes of which TCP connection.
//
// It is the optional eBPF module of wirespan. An event carries no payload: time,
// process, thread, goroutine, connection, direction, TCP sequence number of the
// first byte, length. What was said is in the packets; tracer/link joins the two
// by ranges of sequence numbers, so neither segmentation offload nor
// retransmission nor partial reads matter.
//
// A Source is read like a capture.Source: Read fills events that the caller
// owns. bpf/sys/kernel has the one that asks the kernel; Replay is one of
// recorded events, for which no privilege is needed.
//
// What it does not do: it reads no payload. Without the privilege for eBPF there
// is no Source, and packets are traced as before.
package sys
