package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// hostFacts are what the host says of itself, before anything is judged.
type hostFacts struct {
	Name    string // of the host
	Release string // of the kernel, as uname -r
	Machine string

	fs      fs.FS // root of the file system, of which control files are read
	exe     string
	user    string
	file    string            // capabilities of the executable, as getcap prints them
	capEff  uint64            // of this process
	capBnd  uint64            // what it could ever have
	sandbox privileges.Report // what could be put in force
	admit   error             // the file capability is not for this user

	disk    []diskFacts
	files   uint64 // descriptors that may be open
	cores   int
	unsync  bool   // the clock is not disciplined by anyone
	tracing string // directory of tracefs
}

// diskFacts are the room of a directory.
type diskFacts struct {
	dir        string
	what       string // that is written there
	free, size uint64
	err        error
}

// readHost gathers facts. What cannot be read is left out.
func readHost(root fs.FS, l *liveOptions) *hostFacts {
	h := &hostFacts{fs: root, cores: runtime.NumCPU()}
	h.Name, _ = os.Hostname()
	h.Release = h.word("proc/sys/kernel/osrelease")
	h.exe, _ = os.Executable()
	h.readStatus(string(readControl(root, "proc/self/status")))
	h.sandbox = privileges.Probe(h.exe)
	h.admit = privileges.Admits(captureGroup)
	h.disk = append(h.disk, diskOf(l.keep.write, "-w"))
	for _, out := range l.out {
		if _, p, ok := strings.Cut(out, ":"); ok && p != "-" {
			h.disk = append(h.disk, diskOf(p, "--out "+out))
		}
	}
	for _, dir := range []string{"sys/kernel/tracing", "sys/kernel/debug/tracing"} {
		if _, err := fs.Stat(root, dir+"/events"); err == nil && h.tracing == "" {
			h.tracing = dir
		}
	}
	h.readSystem()
	return h
}

// diskOf looks at where a file would be written; without a file, at the
// current directory.
func diskOf(file, what string) diskFacts {
	d := diskFacts{what: what, dir: "."}
	switch file {
	case "":
		d.what = ""
	case "-":
		return diskFacts{what: what}
	default:
		d.dir = path.Dir(file)
	}
	d.free, d.size, d.err = diskRoom(d.dir)
	return d
}

// word reads a control file of one line.
func (h *hostFacts) word(name string) string { return readWord(h.fs, name) }

// exists reports whether there is a file or directory.
func (h *hostFacts) exists(name string) bool {
	_, err := fs.Stat(h.fs, name)
	return err == nil
}

// readStatus takes capabilities out of /proc/self/status (proc(5)).
func (h *hostFacts) readStatus(s string) {
	for line := range strings.Lines(s) {
		key, v, _ := strings.Cut(line, ":")
		n, err := strconv.ParseUint(strings.TrimSpace(v), 16, 64)
		if err != nil {
			continue
		}
		switch key {
		case "CapEff":
			h.capEff = n
		case "CapBnd":
			h.capBnd = n
		}
	}
}

// has reports whether this process has a capability, by its number.
func (h *hostFacts) has(bit uint) bool { return h.capEff>>bit&1 == 1 }

// kernelBefore compares the version of the kernel; one that cannot be read
// counts as new.
func (h *hostFacts) kernelBefore(major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(h.Release, "%d.%d", &a, &b); n < 2 {
		return false
	}
	return a < major || a == major && b < minor
}
