//go:build race

package gopcap

// raceEnabled: go-pcap writes variables of its package whenever it opens a
// handle, always the same values, which readers of other handles read.
const raceEnabled = true
