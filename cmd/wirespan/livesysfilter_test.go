package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestSysFilters(t *testing.T) {
	s := sysFlags{mode: "auto", ring: "1MiB", filters: sysFilters{ports: []string{"80", "65535"}, pids: []string{"7"}}}
	c, err := s.config()
	if err != nil || !slices.Equal(c.Ports, []uint16{80, 65535}) || !slices.Equal(c.TGIDs, []uint32{7}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []sysFilters{{ports: []string{"0"}}, {ports: []string{"65536"}}, {ports: []string{"http"}}, {pids: []string{"-1"}}, {pids: []string{"0"}}, {cgroups: []string{"no/such/cgroup"}}} {
		s.filters = bad
		if _, err := s.config(); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	s.filters, s.mode = sysFilters{}, "best"
	if _, err := s.config(); err == nil || !strings.Contains(err.Error(), "legacy") {
		t.Errorf("tier best: %v", err)
	}
}

// TestSysCgroup makes a cgroup with one below it.
func TestSysCgroup(t *testing.T) {
	root := cgroup2()
	if runtime.GOOS != "linux" || root == "" {
		t.Skip("no cgroup v2 here")
	}
	outer, err := os.MkdirTemp(root, "wirespan-test-")
	if err != nil {
		t.Skip(err)
	}
	inner := filepath.Join(outer, "inner")
	t.Cleanup(func() {
		_ = os.Remove(inner)
		_ = os.Remove(outer)
	})
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Skip(err)
	}
	want := func(dirs ...string) (ids []uint64) {
		for _, d := range dirs {
			i, err := os.Stat(d)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, inode(i))
		}
		return ids
	}
	for name, path := range map[string]string{"directory": outer, "relative": filepath.Base(outer), "as in /proc": "/" + filepath.Base(outer)} {
		if ids, err := cgroupTree(path); err != nil || !slices.Equal(ids, want(outer, inner)) {
			t.Errorf("%s: %v, %v, want %v", name, ids, err, want(outer, inner))
		}
	}
	if _, err := cgroupTree("/proc"); err == nil {
		t.Error("/proc was taken for a cgroup")
	}
}
