package procs

import (
	"fmt"
	"os"
	"strconv"
)

// maxWitnesses bounds the processes through which a namespace is looked into;
// several, because the first may be gone.
const maxWitnesses = 4

// space is a network namespace.
type space struct {
	netns     uint32
	own       bool
	witnesses []string // directories in Root: "self", "4711"
	addrs     map[Addr]struct{}
}

// netFiles are what /proc/PID/net has of sockets.
var netFiles = [...]struct {
	name   string
	family uint8
	proto  Proto
}{
	{"tcp", afInet, TCP},
	{"tcp6", afInet6, TCP},
	{"udp", afInet, UDP},
	{"udp6", afInet6, UDP},
}

// open opens a file of /proc/PID/net through the first witness that lives.
func (s *space) open(root, name string) (f *os.File, err error) {
	for _, w := range s.witnesses {
		if f, err = os.Open(root + "/" + w + "/net/" + name); err == nil {
			return f, nil
		}
	}
	if err == nil {
		err = os.ErrNotExist
	}
	return nil, err
}

// addresses reads the local addresses again.
func (s *space) addresses(root string) {
	s.addrs = make(map[Addr]struct{})
	add := func(a Addr) { s.addrs[a] = struct{}{} }
	if f, err := s.open(root, "fib_trie"); err == nil {
		readFibTrie(f, add) //nolint:errcheck // what was read counts
		f.Close()           //nolint:errcheck // read only
	}
	if f, err := s.open(root, "if_inet6"); err == nil {
		readIfInet6(f, add) //nolint:errcheck // what was read counts
		f.Close()           //nolint:errcheck // read only
	}
}

// witness adds a process of the namespace.
func (s *space) witness(pid int) {
	if len(s.witnesses) < maxWitnesses {
		s.witnesses = append(s.witnesses, strconv.Itoa(pid))
	}
}

// listing is the sockets of all namespaces, of one refresh.
type listing struct {
	list  []spaceSocket
	bound int
	lost  int // connections beyond the bound
	bad   int // lines that could not be read
	intr  int // dumps during which the kernel's tables changed
	used  [2]int
	err   error
}

type spaceSocket struct {
	netns uint32
	socket
}

// Indexes of listing.used.
const (
	byDiag = iota
	byProc
)

func (l *listing) take(netns uint32, s *socket) {
	if s.inode == 0 {
		return // nobody has it: TIME_WAIT, or closed and still sending
	}
	if len(l.list) >= l.bound && !s.bound() || len(l.list) >= 2*l.bound {
		l.lost++
		return
	}
	l.list = append(l.list, spaceSocket{netns, *s})
}

// add lists one namespace, by sock_diag if it answers for it.
func (l *listing) add(s *space, root string, d *diag) {
	for _, f := range netFiles {
		if s.own && d != nil {
			intr, err := d.dump(f.family, f.proto, func(k *socket) { l.take(s.netns, k) })
			if intr {
				l.intr++
			}
			if err == nil {
				l.used[byDiag]++
				continue
			}
			l.err = err
		}
		l.file(s, root, f.name, f.proto, func(*socket) bool { return true })
	}
}

// file lists the sockets of one file that are wanted.
func (l *listing) file(s *space, root, name string, proto Proto, want func(*socket) bool) {
	f, err := s.open(root, name)
	if err != nil {
		if !os.IsNotExist(err) { // no IPv6, or the last process is gone
			l.err = fmt.Errorf("list sockets: %w", err)
		}
		return
	}
	defer f.Close() //nolint:errcheck // read only
	bad, err := readSockets(f, proto, func(k *socket) bool {
		if k.state != stateTimeWait && want(k) {
			l.take(s.netns, k)
		}
		return true
	})
	l.used[byProc]++
	l.bad += bad
	if err != nil {
		l.err = fmt.Errorf("list sockets: %w", err)
	}
}
