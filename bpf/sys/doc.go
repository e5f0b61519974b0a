// Package sys learns from the kernel which process, thread and goroutine moved
// which bytes of which TCP connection.
//
// It is the optional eBPF module of wirespan. An event carries no payload: time,
// process, thread, goroutine, connection, direction, TCP sequence number of the
// first byte, length. What was said is in the packets; tracer/link joins the two
// by ranges of sequence numbers, so neither segmentation offload nor
// retransmission nor partial reads matter.
//
// Open tries the tiers from the best to the least, by really loading, attaching
// and checking each on a connection of its own over loopback, never by version,
// and Report says why a better one was refused. A Source is read like a
// capture.Source: Read fills events that the caller owns. Replay is a Source of
// recorded events, for which no privilege is needed.
//
// Sources of the programs are in c, under "GPL-2.0-only OR BSD-2-Clause", with a
// small header of our own instead of vmlinux.h; the objects are committed, so
// that building wirespan needs no clang, and make generate reproduces them.
// The programs only read: a test forbids helpers that write to user memory or
// change what a program gets to see.
//
// What it does not do: it reads no payload, pins nothing, and loads no kernel
// module. Without the privilege for eBPF, Open fails with what is missing, and
// packets are traced as before.
package sys
