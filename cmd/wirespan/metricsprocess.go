package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/tracer/metric"
)

// process reads what this process uses. Its files stay open: once privileges
// are dropped, they could not be opened again.
type process struct {
	statm *os.File // may be nil
	fds   *os.File // may be nil
	start time.Time
}

// openProcess opens what /proc tells of this process. Without it, memory is what
// the Go runtime has.
func openProcess() *process {
	p := &process{start: time.Now()}
	p.statm, _ = os.Open("/proc/self/statm")
	p.fds, _ = os.Open("/proc/self/fd")
	return p
}

func (p *process) close() {
	for _, f := range []*os.File{p.statm, p.fds} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// read returns what has been used until now.
func (p *process) read() reading {
	r := reading{at: time.Now()}
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		r.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	_, r.memory = p.memory()
	return r
}

// memory returns the size of the address space and of what is resident, in
// bytes (proc(5), /proc/pid/statm).
func (p *process) memory() (size, resident int64) {
	var b [128]byte
	if p.statm != nil {
		if n, err := p.statm.ReadAt(b[:], 0); n > 0 && (err == nil || err == io.EOF) { //nolint:errorlint // of a Reader
			f := strings.Fields(string(b[:n]))
			if len(f) > 1 {
				s, _ := strconv.ParseInt(f[0], 10, 64)
				r, _ := strconv.ParseInt(f[1], 10, 64)
				page := int64(os.Getpagesize())
				return s * page, r * page
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys), int64(m.Sys - m.HeapReleased)
}

// openFiles counts open files, -1 if that is not known.
func (p *process) openFiles() int {
	if p.fds == nil {
		return -1
	}
	if _, err := p.fds.Seek(0, io.SeekStart); err != nil {
		return -1
	}
	names, err := p.fds.Readdirnames(-1)
	if err != nil {
		return -1
	}
	return len(names)
}

// families are the metrics of the process, under the names that client
// libraries of Prometheus give them. It is called by one goroutine at a time.
func (p *process) families() []metric.Family {
	r := p.read()
	size, resident := p.memory()
	cpu := metric.Counter("process.cpu", "s", "user and system CPU time")
	cpu.Add(r.cpu.Seconds())
	rss := metric.Gauge("process.resident_memory", "By", "resident memory")
	rss.Add(float64(resident))
	virtual := metric.Gauge("process.virtual_memory", "By", "address space")
	virtual.Add(float64(size))
	start := metric.Gauge("process.start_time", "s", "start of the process since 1970")
	start.Add(float64(p.start.UnixMilli()) / 1e3)
	routines := metric.Gauge("go.goroutines", "", "goroutines that exist")
	routines.Add(float64(runtime.NumGoroutine()))
	list := []metric.Family{cpu, rss, virtual, start, routines}
	if n := p.openFiles(); n >= 0 {
		f := metric.Gauge("process.open_fds", "", "open file descriptors")
		f.Add(float64(n))
		list = append(list, f)
	}
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) == nil {
		f := metric.Gauge("process.max_fds", "", "file descriptors that may be open")
		f.Add(float64(lim.Cur))
		list = append(list, f)
	}
	return list
}

// parseShare reads --cpu: cores as a number, or percent of one core.
func parseShare(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	num, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(num, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0.01 && v <= 4096) {
		return 0, fmt.Errorf("--cpu %q: want a share of a core, as 0.5, 50%% or 2", s)
	}
	return v, nil
}
