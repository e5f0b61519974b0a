package main

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/executor"
)

// Bounds of what is read about connections that are older than the run.
const (
	maxOldNetns = 1024
	maxOldRows  = 1 << 18
)

// States of /proc/net/tcp, include/net/tcp_states.h.
const (
	rowEstablished = "01"
	rowListening   = "0A"
)

// oldConnections knows where programs listened when the run began, and which
// ends of the connections of that time serve: of every network namespace that a
// process is in and that may be looked into.
type oldConnections struct {
	ports   map[uint16]bool            // that somebody listens at in our namespace
	serving map[executor.Endpoint]bool // local ends of connections to such ports, of each namespace its own
	rows    int
}

// readOldConnections reads proc, the mount point of procfs.
func readOldConnections(proc string) *oldConnections {
	o := &oldConnections{ports: make(map[uint16]bool), serving: make(map[executor.Endpoint]bool)}
	own, _ := os.Readlink(filepath.Join(proc, "self/ns/net"))
	o.namespace(filepath.Join(proc, "self/net"), true)
	seen := map[string]bool{own: true}
	dir, err := os.Open(proc)
	if err != nil {
		return o
	}
	defer dir.Close()
	for len(seen) < maxOldNetns && o.rows < maxOldRows {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if _, err := strconv.ParseUint(name, 10, 32); err != nil {
				continue
			}
			ns, err := os.Readlink(filepath.Join(proc, name, "ns/net"))
			if err != nil || seen[ns] {
				continue // of another user, or gone, or known
			}
			seen[ns] = true
			o.namespace(filepath.Join(proc, name, "net"), false)
		}
		if err != nil {
			break
		}
	}
	return o
}

// namespace reads the tables of one network namespace.
func (o *oldConnections) namespace(dir string, own bool) {
	listening := make(map[uint16]bool)
	var open []executor.Endpoint
	for _, name := range [...]string{"tcp", "tcp6"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue // without it the lower port serves
		}
		for s := bufio.NewScanner(f); s.Scan() && o.rows < maxOldRows; o.rows++ {
			w := strings.Fields(s.Text())
			if len(w) < 4 || w[3] != rowListening && w[3] != rowEstablished {
				continue
			}
			e, ok := rowEndpoint(w[1])
			switch {
			case !ok:
			case w[3] == rowListening:
				listening[e.Port] = true
			default:
				open = append(open, e)
			}
		}
		_ = f.Close()
	}
	for _, e := range open {
		if listening[e.Port] {
			o.serving[e] = true
		}
	}
	if own {
		o.ports = listening
	}
}

// rowEndpoint reads an address of /proc/net/tcp or tcp6: words of 32 bits in the
// host's order.
func rowEndpoint(s string) (e executor.Endpoint, ok bool) {
	addr, port, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	b, e2 := hex.DecodeString(addr)
	if err != nil || e2 != nil || len(b) != 4 && len(b) != 16 {
		return e, false
	}
	for i := 0; i < len(b); i += 4 {
		b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
	}
	if len(b) == 4 {
		e.Addr[10], e.Addr[11] = 0xff, 0xff
	}
	copy(e.Addr[16-len(b):], b)
	e.Port = uint16(n)
	return e, true
}

// listens reports whether an end of a connection that is older than the run
// serves.
func (o *oldConnections) listens(e executor.Endpoint) bool { return o.serving[e] || o.ports[e.Port] }

// listeners tells which ends serve, for connections that are older than the run.
func listeners() func(executor.Endpoint) bool {
	o := readOldConnections("/proc")
	if len(o.ports)+len(o.serving) == 0 {
		return nil
	}
	return o.listens
}
