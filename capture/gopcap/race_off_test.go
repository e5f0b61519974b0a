//go:build !race

package gopcap

const raceEnabled = false
