//go:build linux && (amd64 || arm64)

package kernel

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"

	"golang.org/x/sys/unix"
)

// TestFilters has two servers, and wants events of one of them alone.
func TestFilters(t *testing.T) {
	for _, tier := range []sys.Tier{sys.Sock, sys.Syscall} {
		for name, by := range map[string]func(t *testing.T, cfg *Config, server int){
			"port":    func(_ *testing.T, cfg *Config, _ int) { cfg.Ports = []uint16{8086} },
			"process": func(_ *testing.T, cfg *Config, server int) { cfg.TGIDs = []uint32{uint32(server)} },
			"cgroup":  func(t *testing.T, cfg *Config, server int) { cfg.Cgroups = []uint64{ownCgroup(t, server)} },
		} {
			t.Run(tier.String()+"/"+name, func(t *testing.T) {
				l := newLab(t)
				one := helper("http", ":8086")
				l.serve(t, 8086, one)
				l.serve(t, 8087, helper("http", ":8087"))
				cfg := Default()
				cfg.Tiers = []sys.Tier{tier}
				by(t, &cfg, one.Process.Pid)
				c := collect(open(t, cfg))
				ask(t, l, ":8086/", ":8087/")
				events := c.stop()
				n := 0
				for i := range events {
					e := &events[i]
					switch {
					case e.Type != sys.IO || addrPort(e.Local, 0).Addr().String() != l.v4 && addrPort(e.Local, 0).Addr().String() != l.v6:
					case e.LocalPort != 8086 && e.RemotePort != 8086:
						t.Fatalf("%+v", e)
					case name != "port" && e.TGID != uint32(one.Process.Pid):
						t.Fatalf("of another process: %+v", e)
					default:
						n++
					}
				}
				st, err := c.src.Stats()
				if err != nil || n == 0 || st.Filtered == 0 || st.Seen != st.Filtered+st.Skipped+st.Emitted+st.Dropped+st.Bad {
					t.Errorf("%d events, %+v, %v", n, st, err)
				}
			})
		}
	}
}

// ownCgroup moves a process into a cgroup of its own.
func ownCgroup(t *testing.T, pid int) uint64 {
	t.Helper()
	root := ""
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if before, after, _ := strings.Cut(s.Text(), " - "); strings.HasPrefix(after, "cgroup2 ") {
			root = strings.Fields(before)[4]
		}
	}
	if root == "" {
		t.Skip("no cgroup v2 here")
	}
	dir := filepath.Join(root, fmt.Sprintf("wirespan-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = os.WriteFile(filepath.Join(root, "cgroup.procs"), fmt.Append(nil, pid), 0o644)
		_ = os.Remove(dir)
	})
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, pid), 0o644); err != nil {
		t.Skip(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}
