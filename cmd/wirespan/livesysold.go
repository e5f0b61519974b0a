package main

import (
	"bufio"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/executor"
)

// Bounds of what is read about connections that are older than the run.
const (
	maxOldNetns = 1024
	maxOldEnds  = 1 << 18
	maxOldRows  = 1 << 20 // in all rounds
)

// The kernel gives a table in pages, and finds the place of the next one by
// counting in a chain of its hash table: where a socket has gone from the chain
// meanwhile, another one is passed over. So a table is read again until that
// shows nothing new, but for as many rounds at most.
const (
	minOldRounds = 2
	maxOldRounds = 8
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
	o.namespace(tablesIn(filepath.Join(proc, "self/net")), true)
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
			o.namespace(tablesIn(filepath.Join(proc, name, "net")), false)
		}
		if err != nil {
			break
		}
	}
	return o
}

// socketTables opens a table by name, as /proc/net has them.
type socketTables func(name string) (io.ReadCloser, error)

func tablesIn(dir string) socketTables {
	return func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(dir, name)) }
}

// namespace reads the tables of one network namespace.
func (o *oldConnections) namespace(open socketTables, own bool) {
	seen := &oldEnds{listening: make(map[uint16]bool), open: make(map[executor.Endpoint]bool)}
	o.look(open, seen)
	for e := range seen.open {
		if seen.listening[e.Port] && len(o.serving) < maxOldEnds {
			o.serving[e] = true
		}
	}
	if own {
		o.ports = seen.listening
	}
}

// look reads tables until that shows nothing new.
func (o *oldConnections) look(open socketTables, seen *oldEnds) {
	known := -1
	for n := 0; n < maxOldRounds && (n < minOldRounds || seen.len() > known); n++ {
		known = seen.len()
		for _, name := range [...]string{"tcp", "tcp6"} {
			if f, err := open(name); err == nil { // without it the lower port serves
				o.rows += seen.read(f, maxOldRows-o.rows)
				_ = f.Close()
			}
		}
	}
}

// oldEnds are the local ends of the sockets of one network namespace.
type oldEnds struct {
	listening map[uint16]bool
	open      map[executor.Endpoint]bool
}

func (s *oldEnds) len() int { return len(s.listening) + len(s.open) }

// read adds the ends of a table, and returns how many rows it read of at most.
func (s *oldEnds) read(table io.Reader, most int) (rows int) {
	for sc := bufio.NewScanner(table); rows < most && sc.Scan(); rows++ {
		w := strings.Fields(sc.Text())
		if len(w) < 4 || w[3] != rowListening && w[3] != rowEstablished {
			continue
		}
		e, ok := rowEndpoint(w[1])
		switch {
		case !ok:
		case w[3] == rowListening:
			s.listening[e.Port] = true
		case len(s.open) < maxOldEnds:
			s.open[e] = true
		}
	}
	return rows
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
