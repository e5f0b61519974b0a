package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// sysFilters say whose calls the eBPF module tells of; those of one kind are
// alternatives, and all kinds must agree.
type sysFilters struct{ ports, pids, cgroups []string }

func (s *sysFilters) add(f *pflag.FlagSet) {
	f.StringArrayVar(&s.ports, "sys-port", nil, "tell of connections from or to `PORT` only; repeatable. The kernel leaves out the others")
	f.StringArrayVar(&s.pids, "sys-pid", nil, "tell of process `PID` only, in the host's numbers; repeatable")
	f.StringArrayVar(&s.cgroups, "sys-cgroup", nil, "tell of processes in cgroup `PATH` only, and in those below it when the run begins: a directory, or a path below the mount point of cgroup v2; repeatable")
}

// apply puts the filters into what is asked of the kernel.
func (s *sysFilters) apply(c *kernel.Config) error {
	var errs []error
	for _, v := range s.ports {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil || n == 0 {
			errs = append(errs, fmt.Errorf("--sys-port %q: want a port from 1 to 65535", v))
		}
		c.Ports = append(c.Ports, uint16(n))
	}
	for _, v := range s.pids {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil || n == 0 {
			errs = append(errs, fmt.Errorf("--sys-pid %q: want the number of a process", v))
		}
		c.TGIDs = append(c.TGIDs, uint32(n))
	}
	for _, v := range s.cgroups {
		ids, err := cgroupTree(v)
		if err != nil {
			errs = append(errs, fmt.Errorf("--sys-cgroup %s: %w", v, err))
		}
		c.Cgroups = append(c.Cgroups, ids...)
	}
	return errors.Join(errs...)
}

// errCgroupV1 is about hosts whose cgroups eBPF cannot tell apart.
var errCgroupV1 = errors.New("no cgroup v2 is mounted here")

// cgroupTree returns the ids of a cgroup and of those below it. The id of a
// cgroup is the inode number of its directory (kernfs, on 64 bits).
func cgroupTree(path string) (ids []uint64, err error) {
	root := cgroup2()
	if root == "" {
		return nil, errCgroupV1
	}
	if st, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || !st.IsDir() {
		path = filepath.Join(root, path)
	}
	if rel, err := filepath.Rel(root, path); err != nil || strings.HasPrefix(rel, "..") {
		return nil, fmt.Errorf("it is not below %s, where cgroup v2 is mounted", root)
	}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && p == path:
			return err
		case err != nil || !d.IsDir():
			return nil // it has gone meanwhile
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if id := inode(info); id != 0 {
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

// cgroup2 is where cgroup v2 is mounted, "" if nowhere.
func cgroup2() string {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		before, after, ok := strings.Cut(s.Text(), " - ")
		if w := strings.Fields(before); ok && strings.HasPrefix(after, "cgroup2 ") && len(w) > 4 {
			return w[4]
		}
	}
	return ""
}
