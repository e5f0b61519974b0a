package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

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

func FuzzRowEndpoint(f *testing.F) {
	f.Add("0100007F:1F90")
	f.Add("B80D0120000000000000000001000000:1538")
	f.Fuzz(func(t *testing.T, s string) {
		if e, ok := rowEndpoint(s); !ok && e != (executor.Endpoint{}) {
			t.Errorf("%q: %v", s, e)
		}
	})
}
