package procs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of times in /proc/PID/stat. The kernel shows 100
// to user space on all architectures that Go knows.
const ticksPerSecond = 100

const maxStat = 4096 // of /proc/PID/stat, status and the beginning of cmdline

var errFormat = errors.New("not in the format that the kernel writes")

// readBounded reads at most n bytes of a file.
func readBounded(name string, n int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	return io.ReadAll(io.LimitReader(f, n))
}

// parseStat reads command, parent and start (in ticks since boot) of
// /proc/PID/stat. The command may hold anything, parentheses too.
func parseStat(b []byte) (comm string, parent int, start uint64, err error) {
	from, to := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if from < 0 || to < from {
		return "", 0, 0, errFormat
	}
	f := bytes.Fields(b[to+1:])
	if len(f) < 20 {
		return "", 0, 0, errFormat
	}
	parent, err1 := strconv.Atoi(string(f[1]))
	start, err2 := strconv.ParseUint(string(f[19]), 10, 64)
	return string(b[from+1 : to]), parent, start, errors.Join(err1, err2)
}

// parseUID reads the effective user of /proc/PID/status: "Uid: real effective
// saved filesystem".
func parseUID(b []byte) (uint32, bool) {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("Uid:")); ok {
			if f := bytes.Fields(rest); len(f) >= 2 {
				return decimal(f[1])
			}
		}
	}
	return 0, false
}

// parseBoot reads when the machine was started, of /proc/stat, in seconds.
func parseBoot(b []byte) (int64, bool) {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			v, err := strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64)
			return v, err == nil
		}
	}
	return 0, false
}

// details reads what describes processes.
type details struct {
	cfg    *Config
	boot   int64 // seconds since 1970, 0 if unknown
	users  users
	sysv   pidFiles
	docker containerNames
}

func newDetails(cfg *Config) details {
	d := details{cfg: cfg, docker: containerNames{dir: cfg.Docker}}
	if b, err := readBounded(filepath.Join(cfg.Root, "stat"), 1<<20); err == nil {
		d.boot, _ = parseBoot(b)
	}
	return d
}

// refresh reads again what changes rarely: users and pid files.
func (d *details) refresh() {
	d.users.refresh(d.cfg.Passwd)
	d.sysv.refresh(d.cfg.RunDirs)
}

// start returns when a process was started, in ticks since boot: with the pid
// it tells one process from a later one of the same number.
func (d *details) start(pid int) (uint64, bool) {
	b, err := readBounded(d.path(pid, "stat"), maxStat)
	if err != nil {
		return 0, false
	}
	_, _, start, err := parseStat(b)
	return start, err == nil
}

func (d *details) path(pid int, name string) string {
	return d.cfg.Root + "/" + strconv.Itoa(pid) + "/" + name
}

// read describes a process. What may not be read is left out; false if the
// process is gone.
func (d *details) read(pid int, netns uint32) (*Process, uint64, bool) {
	b, err := readBounded(d.path(pid, "stat"), maxStat)
	if err != nil {
		return nil, 0, false
	}
	comm, parent, start, err := parseStat(b)
	if err != nil {
		return nil, 0, false
	}
	p := &Process{PID: pid, Comm: comm, Netns: netns}
	if d.boot != 0 {
		p.Start = d.boot*1e9 + int64(start)*(1e9/ticksPerSecond)
	}
	if b, err := readBounded(d.path(pid, "status"), maxStat); err == nil {
		p.UID, _ = parseUID(b)
	}
	if exe, err := os.Readlink(d.path(pid, "exe")); err == nil {
		p.Exe = strings.TrimSuffix(exe, " (deleted)")
	}
	if b, err := readBounded(d.path(pid, "cgroup"), maxCgroup); err == nil {
		p.Cgroup = ParseCgroup(b)
	}
	d.arguments(p)
	if p.Container == "" {
		p.User = d.users.name(p.UID)
	} else {
		p.ContainerName = d.docker.name(p.Container)
	}
	if p.Container == "" && p.Unit == "" {
		p.SysV = d.sysv.name(d, pid, parent)
	}
	return p, start, true
}

// arguments looks at the command line where it alone tells what a process does.
func (d *details) arguments(p *Process) {
	exe := p.Executable()
	other := exe != dockerProxy && !isInterpreter(exe)
	if other && (p.Exe == "" || isCommOf(exe, p.Comm)) {
		return
	}
	b, err := readBounded(d.path(p.PID, "cmdline"), maxStat)
	if err != nil {
		return
	}
	switch {
	case exe == dockerProxy:
		p.forward = forwardOf(b)
	case other:
		p.Started = startedAs(p.Comm, b)
	default:
		p.Program = programOf(exe, b)
	}
}
