package procs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// walk is one way through /proc/PID/fd of all processes.
type walk struct {
	d     *details
	found map[uint32]int // socket to process
	count walkCount
}

// walkCount is what a walk met.
type walkCount struct {
	processes  int // whose descriptors were read
	unreadable int // that belong to others, and are hidden
	links      int
	cut        bool // a bound ended it
}

// pids lists the numbers of the processes, the newest last.
func (d *details) pids() ([]int, error) {
	dir, err := os.Open(d.cfg.Root)
	if err != nil {
		return nil, err
	}
	defer dir.Close() //nolint:errcheck // read only
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var list []int
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil && pid > 0 {
			list = append(list, pid)
		}
	}
	slices.Sort(list)
	return list, nil
}

// process looks at the descriptors of one process and calls sock for every
// socket. False when the bound on descriptors is reached.
func (w *walk) process(pid int, sock func(inode uint32)) bool {
	links, denied, more := 0, 0, true
	err := eachLink(w.d.path(pid, "fd"), func(target []byte, err error) bool {
		if w.count.links++; w.count.links > w.d.cfg.MaxLinks {
			w.count.cut, more = true, false
			return false
		}
		links++
		if errors.Is(err, fs.ErrPermission) {
			denied++
		} else if inode, ok := socketInode(target); ok {
			sock(inode)
		}
		return true
	})
	switch {
	case errors.Is(err, fs.ErrPermission), links > 0 && denied == links:
		w.count.unreadable++
	case err == nil:
		w.count.processes++
	}
	return more
}

// socketInode reads "socket:[4711]".
func socketInode(target []byte) (uint32, bool) {
	s, ok := bytes.CutPrefix(target, []byte("socket:["))
	if !ok {
		return 0, false
	}
	s, ok = bytes.CutSuffix(s, []byte("]"))
	if !ok {
		return 0, false
	}
	return decimal(s)
}

// claim notes that a process has a socket. Of several, which share it since a
// fork, the oldest counts, as it is the service; but init only passes on what
// it opened for others.
func (w *walk) claim(inode uint32, pid int) {
	have, ok := w.found[inode]
	if !ok || w.older(pid, have) {
		w.found[inode] = pid
	}
}

func (w *walk) older(a, b int) bool {
	if a == b || a == 1 {
		return false
	}
	if b == 1 {
		return true
	}
	sa, oka := w.d.start(a)
	sb, okb := w.d.start(b)
	if oka != okb {
		return oka
	}
	return sa < sb || sa == sb && a < b
}

// netnsOf returns the network namespace of a process, "net:[4026531840]".
func (d *details) netnsOf(pid string) (uint32, bool) {
	target, err := os.Readlink(d.cfg.Root + "/" + pid + "/ns/net")
	if err != nil {
		return 0, false
	}
	s, ok := strings.CutPrefix(target, "net:[")
	if !ok {
		return 0, false
	}
	return decimal([]byte(strings.TrimSuffix(s, "]")))
}
