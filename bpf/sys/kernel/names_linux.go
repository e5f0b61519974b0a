package kernel

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/wirespan/wirespan/bpf/sys"
)

// maxNames bounds the connections whose addresses are remembered.
const maxNames = 32 << 10

// names knows the addresses of connections by cookie, where the programs of tier
// legacy learned only one end: the other is looked up in /proc, as long as the
// file descriptor is open and rights suffice.
type names struct {
	ends    map[uint64]ends
	old     map[uint64]ends // of the generation before
	ports   map[uint16]bool
	unnamed atomic.Uint64
}

// ends are both ends of a connection; known is false if they were looked for in
// vain.
type ends struct {
	local, remote         [16]byte
	localPort, remotePort uint16
	known                 bool
}

func newNames(ports []uint16) *names {
	n := &names{ends: make(map[uint64]ends), ports: make(map[uint16]bool)}
	for _, p := range ports {
		n.ports[p] = true
	}
	return n
}

// complete fills in what an event lacks. It reports false for one that is not to
// be told: its connection cannot be named, or the filter leaves it out.
func (n *names) complete(e *sys.Event) bool {
	if e.Type != sys.IO && e.Type != sys.State {
		return true
	}
	fd := e.Parent
	e.Parent = 0
	if e.Type == sys.State && e.New == sys.Closed {
		delete(n.ends, e.Cookie)
		delete(n.old, e.Cookie)
		return true
	}
	if e.Flags&sys.Truncated != 0 {
		if e.Type == sys.State {
			return true // it is known later, when bytes move
		}
		x := n.find(e, fd)
		if !x.known {
			n.unnamed.Add(1)
			return false
		}
		e.Local, e.Remote, e.LocalPort, e.RemotePort = x.local, x.remote, x.localPort, x.remotePort
		e.Flags &^= sys.Truncated
	}
	return len(n.ports) == 0 || n.ports[e.LocalPort] || n.ports[e.RemotePort]
}

// find looks for a connection where it was found before, then in /proc.
func (n *names) find(e *sys.Event, fd uint64) ends {
	x, ok := n.ends[e.Cookie]
	if ok {
		return x
	}
	if x, ok = n.old[e.Cookie]; !ok {
		x = procEnds(e.TGID, fd)
		if e.RemotePort != 0 && (x.remotePort != e.RemotePort || x.remote != e.Remote) {
			x.known = false // the descriptor is another connection's by now
		}
	}
	if len(n.ends) >= maxNames/2 {
		n.old, n.ends = n.ends, make(map[uint64]ends)
	}
	n.ends[e.Cookie] = x
	return x
}

// procEnds finds the connection behind a file descriptor of a process.
func procEnds(tgid uint32, fd uint64) (x ends) {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tgid, fd))
	if err != nil {
		return x
	}
	inode, ok := strings.CutPrefix(target, "socket:[")
	if !ok {
		return x
	}
	inode = strings.TrimSuffix(inode, "]")
	for _, table := range [...]string{"tcp", "tcp6"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", tgid, table))
		if err != nil {
			continue
		}
		x = listedEnds(f, inode)
		_ = f.Close()
		if x.known {
			break
		}
	}
	return x
}

// listedEnds finds the socket with an inode in a table as /proc/net/tcp.
func listedEnds(table io.Reader, inode string) (x ends) {
	for s := bufio.NewScanner(table); s.Scan(); {
		w := strings.Fields(s.Text())
		if len(w) <= 9 || w[9] != inode {
			continue
		}
		var a, b bool
		x.local, x.localPort, a = procEnd(w[1])
		x.remote, x.remotePort, b = procEnd(w[2])
		x.known = a && b
		return x
	}
	return x
}

// procEnd reads an address of /proc/net/tcp or tcp6: words of 32 bits in host
// order, in hexadecimal.
func procEnd(s string) (addr [16]byte, port uint16, ok bool) {
	text, p, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(p, 16, 16)
	b, e := hex.DecodeString(text)
	if err != nil || e != nil || len(b) != 4 && len(b) != 16 {
		return addr, 0, false
	}
	for i := 0; i < len(b); i += 4 {
		b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
	}
	if len(b) == 4 {
		addr[10], addr[11] = 0xff, 0xff
	}
	copy(addr[16-len(b):], b)
	return addr, uint16(n), true
}
