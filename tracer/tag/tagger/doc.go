// Package tagger answers who is at an end of a flow, from all that is known:
// the operator's names, the pods of a cluster, the processes of this machine,
// DNS answers on the wire, the hosts file and names in capture files, in this
// order (SPANS.md, service.name).
//
// It stands beside tracer/link, which asks twice: when a request begins, so
// that the process table looks for a socket while it exists, and when its span
// is written. A Tagger belongs to the linker's goroutine; what others change
// meanwhile (tables of processes and pods, the hosts file, configured names)
// it sees through immutable snapshots. Answers are shared and immutable; an
// answer that was given before costs no allocation and no lock.
//
// For captures that are read from files, leave out the sources of this
// machine: then the same input has the same names everywhere.
package tagger
