// Package kube says which pod has an address or a container: its namespace,
// workload, node and chosen labels. It asks the API server (list and watch) or
// the node's kubelet (its list of pods, again and again), with net/http and
// the few fields it needs; client-go would add 22 MB to the program.
//
// It stands below tracer/tag/tagger. One goroutine (Source.Run) talks to the
// cluster; it publishes immutable snapshots in a Pods, so that lookups take no
// lock and allocate nothing. A Pod is immutable and shared; one whose relevant
// fields did not change keeps its pointer over updates.
//
// Pods on the host's network are not found by address: they share it with the
// node and with each other. They are found by container. Services of the
// cluster (virtual addresses) are not looked at: DNS answers name them.
package kube
