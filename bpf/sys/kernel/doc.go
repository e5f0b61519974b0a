// Package kernel asks the kernel for the events of bpf/sys.
//
// Open tries the tiers from the best to the least, by really loading, attaching
// and checking each on a connection of its own over loopback, never by version,
// and Report says why a better one was refused.
//
// Sources of the programs are in c, under "GPL-2.0-only OR BSD-2-Clause", with a
// small header of our own instead of vmlinux.h; the objects are committed, so
// that building wirespan needs no clang, and make generate reproduces them.
// The programs only read: a test forbids helpers that write to user memory or
// change what a program gets to see. Nothing is pinned; what was loaded goes
// with its Source.
package kernel
