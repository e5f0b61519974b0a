package kernel

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys"
)

const table4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0200007F:B2C4 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000000000000000 20 4 30 10 -1
`

const table6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 B80D0120000000000000000001000000:0050 01 00000000:00000000 00:00000000 00000000     0        0 99 1 0000000000000000 100 0 0 10 0
`

func TestListedEnds(t *testing.T) {
	for _, c := range []struct{ table, inode, local, remote string }{
		{table4, "4712", "127.0.0.1:8080", "127.0.0.2:45764"},
		{table6, "99", "[::1]:8080", "[2001:db8::1]:80"},
		{table4, "1", "", ""},
	} {
		x := listedEnds(strings.NewReader(c.table), c.inode)
		local := net.TCPAddr{IP: x.local[:], Port: int(x.localPort)}
		remote := net.TCPAddr{IP: x.remote[:], Port: int(x.remotePort)}
		if x.known != (c.local != "") || x.known && (local.String() != c.local || remote.String() != c.remote) {
			t.Errorf("%s: %v, %v", c.inode, &local, &remote)
		}
	}
}

// A connection of this process is found by its descriptor.
func TestProcEnds(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// This thread, not the process: other tests may have left its first one in another
	// network namespace.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	self := uint32(unix.Gettid())
	x := procEnds(self, uint64(f.Fd()))
	for range 10 { // the kernel may pass over a line while others come and go
		if x.known {
			break
		}
		x = procEnds(self, uint64(f.Fd()))
	}
	here, there := c.LocalAddr().(*net.TCPAddr), c.RemoteAddr().(*net.TCPAddr)
	if !x.known || int(x.localPort) != here.Port || int(x.remotePort) != there.Port || !net.IP(x.remote[:]).Equal(there.IP) {
		t.Errorf("%+v; want %v, %v", x, here, there)
	}
	if x := procEnds(self, 1<<20); x.known {
		t.Errorf("a descriptor that is not open: %+v", x)
	}
}

// Whatever a table holds, what is found of it is of the line with the inode.
func FuzzListedEnds(f *testing.F) {
	f.Add(table4, "4712")
	f.Add(table6, "99")
	f.Add("a b c d e f g h i 7", "7")
	f.Fuzz(func(t *testing.T, table, inode string) {
		x := listedEnds(strings.NewReader(table), inode)
		if !x.known {
			return
		}
		if !strings.Contains(table, inode) {
			t.Fatalf("%+v", x)
		}
		port := fmt.Sprintf("%x", x.localPort)
		if !strings.Contains(strings.ToLower(table), port) {
			t.Fatalf("no port %s in the table", port)
		}
	})
}

// Whatever comes from the kernel, what is told has both addresses, and no
// descriptor in the place of a goroutine.
func FuzzComplete(f *testing.F) {
	e := sys.Event{Type: sys.IO, Flags: sys.Truncated, TGID: uint32(unix.Getpid()), Parent: 3, Cookie: 9, RemotePort: 80}
	f.Add(e.Append(nil), uint16(0))
	e.Flags = 0
	f.Add(e.Append(nil), uint16(80))
	e.Type, e.Old, e.New = sys.State, sys.Established, sys.Closed
	f.Add(e.Append(nil), uint16(80))
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		var ports []uint16
		if port != 0 {
			ports = []uint16{port}
		}
		n := newNames(ports)
		for ; len(b) >= sys.EventSize; b = b[sys.EventSize:] {
			var e sys.Event
			if !sys.Decode(b, &e) {
				continue
			}
			e.TGID = uint32(unix.Getpid()) // whose table of sockets can be read
			told := n.complete(&e)
			switch {
			case e.Type != sys.IO:
			case told && (e.Flags&sys.Truncated != 0 || e.Parent != 0):
				t.Fatalf("told: %+v", e)
			case told && port != 0 && e.LocalPort != port && e.RemotePort != port:
				t.Fatalf("filtered: %+v", e)
			}
		}
		if len(n.ends) > maxNames {
			t.Fatalf("%d names", len(n.ends))
		}
	})
}
