// Package cbpf runs and rewrites classic BPF programs, the way packet sockets
// of Linux do.
//
// It stands beside the live sources of capture: Run decides in user space where
// a kernel takes no program (or has let packets through that came before the
// program was there), with the extensions of the kernel (SKF_AD_ loads: tags
// that the kernel has stripped, direction, interface) that the machine of
// golang.org/x/net/bpf lacks. The other functions fit a program to a socket:
// snap length, direction, sockets without link header.
//
// Programs are never changed in place, packets never written to, nothing is
// kept. Compiling filters is the business of others.
package cbpf
