package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture/netns"
	"github.com/wirespan/wirespan/tracer/executor"
)

// TestOldConnections reads two namespaces: in the other one somebody listens at
// 5432, where ours has a client's port.
func TestOldConnections(t *testing.T) {
	proc := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		p := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	netns := func(pid, ns string) {
		t.Helper()
		p := filepath.Join(proc, pid, "ns")
		if err := os.MkdirAll(p, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(ns, filepath.Join(p, "net")); err != nil {
			t.Fatal(err)
		}
	}
	const head = "  sl  local_address rem_address   st tx_queue\n"
	netns("self", "net:[1]")
	netns("10", "net:[1]")
	netns("20", "net:[2]")
	netns("21", "net:[2]")
	// 0.0.0.0:8080 listens; 192.0.2.1:8080 and :5432 are connected to others.
	put("self/net/tcp", head+"   0: 00000000:1F90 00000000:0000 0A 0\n   1: 010200C0:1F90 020200C0:C350 01 0\n   2: 010200C0:1538 020200C0:0050 01 0\n")
	put("10/net/tcp", head+"   0: 00000000:0BB8 00000000:0000 0A 0\n") // of our namespace, which has been read
	// [::]:5432 listens; 2001:db8::1:5432 and, mapped, 192.0.2.9:5432 are connected to.
	put("20/net/tcp6", head+"   0: "+"00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 0\n"+
		"   1: B80D0120000000000000000001000000:1538 B80D0120000000000000000002000000:C351 01 0\n"+
		"   2: 0000000000000000FFFF0000090200C0:1538 0000000000000000FFFF0000080200C0:C352 01 0\n   3: damaged\n   4: xx:1 xx:2 01\n")
	if err := os.Symlink("../20/net", filepath.Join(proc, "21/net")); err != nil {
		t.Fatal(err)
	}
	o := readOldConnections(proc)
	for s, want := range map[string]bool{
		"192.0.2.1:8080": true, "192.0.2.7:8080": true, "192.0.2.1:5432": false, "192.0.2.1:3000": false,
		"[2001:db8::1]:5432": true, "192.0.2.9:5432": true, "[2001:db8::2]:5432": false,
	} {
		a := netip.MustParseAddrPort(s)
		if got := o.listens(executor.Endpoint{Addr: a.Addr().As16(), Port: a.Port()}); got != want {
			t.Errorf("%s serves: %v", s, got)
		}
	}
	if readOldConnections(filepath.Join(proc, "none")).listens(executor.Endpoint{Port: 1}) {
		t.Error("without tables somebody listens")
	}
}

// TestOldTablesReadAgain: a line that one look at a table passes over is seen by
// another, whichever look that is.
func TestOldTablesReadAgain(t *testing.T) {
	const listener = "0: 00000000:1F90 00000000:0000 0A 0\n"
	conn := func(n int) string { return fmt.Sprintf("1: 0%d0200C0:1F90 020200C0:C350 01 0\n", n) }
	end := func(n int) executor.Endpoint {
		return executor.Endpoint{Addr: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", n)).As16(), Port: 8080}
	}
	for _, rounds := range [][]string{
		{listener + conn(1), listener + conn(1) + conn(2)},
		{conn(1) + conn(2), listener + conn(1)},
		{conn(1), conn(1) + listener, conn(2)},
		{"", conn(1) + conn(2) + listener},
	} {
		looks := 0
		o := &oldConnections{serving: make(map[executor.Endpoint]bool)}
		o.namespace(func(name string) (io.ReadCloser, error) {
			if name != "tcp" {
				return nil, os.ErrNotExist
			}
			looks++
			return io.NopCloser(strings.NewReader(rounds[min(looks, len(rounds))-1])), nil
		}, false)
		if !o.listens(end(1)) || !o.listens(end(2)) || len(o.serving) != 2 {
			t.Errorf("%q: %v in %d looks", rounds, o.serving, looks)
		}
		if looks != len(rounds)+1 { // the last one showed nothing new
			t.Errorf("%q: looked %d times", rounds, looks)
		}
	}
}

// TestOldConnectionsAmongOthers has sockets that come and go beside connections that
// stay, in a namespace whose hash table is small, so that chains are long: none
// of those is ever missed.
func TestOldConnectionsAmongOthers(t *testing.T) {
	t.Parallel()
	ns := smallTables(t)
	const lasting, looks = 300, 40
	var ends []executor.Endpoint
	in := func(f func() error) {
		t.Helper()
		if err := ns.Do(f); err != nil {
			t.Fatal(err)
		}
	}
	var ln net.Listener
	in(func() (err error) { ln, err = net.Listen("tcp", "127.0.0.1:0"); return err })
	t.Cleanup(func() { _ = ln.Close() })
	dial := func() (net.Conn, net.Conn) {
		var c net.Conn
		in(func() (err error) { c, err = net.Dial("tcp", ln.Addr().String()); return err })
		s, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c, s
	}
	for range lasting {
		c, s := dial()
		t.Cleanup(func() { _, _ = c.Close(), s.Close() })
		a := c.LocalAddr().(*net.TCPAddr).AddrPort()
		ends = append(ends, executor.Endpoint{Addr: a.Addr().As16(), Port: a.Port()})
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	defer func() { close(done); <-stopped }()
	go func() {
		defer close(stopped)
		var young [][2]net.Conn
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			c, s := dial()
			if young = append(young, [2]net.Conn{c, s}); len(young) > 60 {
				k := n % len(young)
				_ = young[k][0].(*net.TCPConn).SetLinger(0) // gone at once
				_, _ = young[k][0].Close(), young[k][1].Close()
				young = slices.Delete(young, k, k+1)
			}
		}
	}()
	once, never := 0, 0
	for range looks {
		single := oldEnds{listening: make(map[uint16]bool), open: make(map[executor.Endpoint]bool)}
		o := &oldConnections{serving: make(map[executor.Endpoint]bool)}
		in(func() error {
			f, err := os.Open("/proc/thread-self/net/tcp")
			if err != nil {
				return err
			}
			defer f.Close()
			single.read(f, maxOldRows)
			seen := &oldEnds{listening: make(map[uint16]bool), open: make(map[executor.Endpoint]bool)}
			o.look(tablesIn("/proc/thread-self/net"), seen)
			for _, e := range ends {
				if !single.open[e] {
					once++
				}
				if !seen.open[e] {
					never++
				}
			}
			if !seen.listening[uint16(ln.Addr().(*net.TCPAddr).Port)] {
				t.Error("the listener is missed")
			}
			return nil
		})
	}
	t.Logf("of %d connections in %d looks, one round missed %d", lasting, looks, once)
	if never > 0 {
		t.Errorf("%d missed", never)
	}
}

// smallTables is a network namespace whose hash table of connections has few
// chains, where the kernel makes such (6.1).
func smallTables(t *testing.T) *netns.Namespace {
	l := newLab(t)
	cmd := l.in(l.client, "sh", "-c", "echo 64 > /proc/sys/net/ipv4/tcp_child_ehash_entries")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Logf("the table is as large as any: %v %s", err, b)
	}
	parent, err := netns.Open(l.client)
	if err != nil {
		t.Fatal(err)
	}
	defer parent.Close()
	opened := make(chan *netns.Namespace)
	go func() { // a thread that ends with the goroutine, since it has left its namespace
		runtime.LockOSThread()
		defer close(opened)
		err := parent.Do(func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			if b, err := exec.Command(l.ip, "link", "set", "lo", "up").CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, b)
			}
			ns, err := netns.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
			if err == nil {
				opened <- ns
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}()
	ns := <-opened
	if ns == nil {
		t.FailNow()
	}
	t.Cleanup(ns.Close)
	return ns
}

func FuzzRowEndpoint(f *testing.F) {
	f.Add("0100007F:1F90")
	f.Add("B80D0120000000000000000001000000:1538")
	f.Fuzz(func(t *testing.T, s string) {
		if e, ok := rowEndpoint(s); !ok && e != (executor.Endpoint{}) {
			t.Errorf("%q: %v", s, e)
		}
	})
}
