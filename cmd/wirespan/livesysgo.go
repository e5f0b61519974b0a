package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/goroutines"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// Bounds of what is kept of Go processes.
const (
	maxExecutables = 1024 // that were looked into
	maxGoProcesses = 4096 // the size of the kernel's table
	maxBegun       = 1024 // processes that wait to be looked at
)

// goFinder finds out which processes are of Go programs, and tells the kernel
// where their goroutines are. It looks at those that run when it is made, and
// afterwards, if it may, at those that begin.
type goFinder struct {
	src    kernel.Goroutines
	wanted []string // --sys-go-wake
	limit  uint32
	later  bool // programs that begin later are looked at, too
	begun  chan sys.Event
	quit   chan struct{}
	wait   sync.WaitGroup
	say    func(string)
	notes  []string // before start
	once   sync.Once

	known map[fileID]goProgram // of the goroutine that looks, as wakes
	wakes map[uint32]*goWaking

	counts goCounts
}

// fileID is an executable.
type fileID struct {
	dev, ino    uint64
	size, mtime int64
}

type goProgram struct {
	p   *goroutines.Program
	err error
}

// goWaking is a process with a probe.
type goWaking struct {
	name string
	hits uint64
	at   time.Time
}

// newGoFinder looks at the processes that run. It is called before privileges
// are given up; later says that enough is kept to look at others afterwards.
func newGoFinder(src sys.Source, s *sysFlags, later bool) *goFinder {
	g, ok := src.(kernel.Goroutines)
	if !ok || src.Tier() == sys.Legacy {
		return nil
	}
	f := &goFinder{
		src: g, wanted: s.goWake, limit: s.goWakeLimit, later: later || len(s.goWake) > 0,
		begun: make(chan sys.Event, maxBegun), quit: make(chan struct{}),
		known: make(map[fileID]goProgram), wakes: make(map[uint32]*goWaking),
	}
	f.say = func(n string) { f.notes = append(f.notes, n) }
	f.counts.init()
	if own := g.Own(); own != uint32(os.Getpid()) {
		f.counts.hidden = fmt.Sprintf("in a process namespace of its own wirespan (%d, to the kernel %d) cannot tell which processes are Go", os.Getpid(), own)
		return f
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		f.counts.hidden = err.Error()
		return f
	}
	for _, e := range entries {
		if pid, err := strconv.ParseUint(e.Name(), 10, 32); err == nil && int(pid) != os.Getpid() {
			f.look(uint32(pid))
		}
	}
	return f
}

// look finds out whether a process is Go.
func (f *goFinder) look(pid uint32) {
	exe := fmt.Sprintf("/proc/%d/exe", pid)
	name, err := os.Readlink(exe)
	if err != nil {
		f.counts.unreadable(err) // of kernel threads there is none
		return
	}
	p, err := f.inspect(exe)
	if err != nil {
		f.counts.refused(err, p)
		return
	}
	if err = f.src.SetGo(pid, goOffsets(p)); err != nil {
		f.counts.refused(err, nil)
		return
	}
	f.counts.found()
	if f.wants(pid, name) {
		f.wake(pid, exe, name, p)
	}
}

// goOffsets are the offsets of a program as the kernel is told.
func goOffsets(p *goroutines.Program) kernel.GoOffsets {
	o := &p.Offsets
	return kernel.GoOffsets{Goid: o.Goid, Parent: o.Parent, M: o.M, Curg: o.Curg, Slot: o.Slot, WaitReason: o.WaitReason, Reasons: o.Reasons}
}

// inspect looks into an executable, once.
func (f *goFinder) inspect(exe string) (*goroutines.Program, error) {
	file, err := os.Open(exe)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	id, err := fileIDOf(file)
	if err != nil {
		return nil, err
	}
	if k, ok := f.known[id]; ok {
		return k.p, k.err
	}
	p, err := goroutines.Inspect(file)
	if len(f.known) >= maxExecutables {
		clear(f.known)
	}
	f.known[id] = goProgram{p, err}
	return p, err
}

// wants reports whether --sys-go-wake names a process: by id, by path, or by the
// last part of it.
func (f *goFinder) wants(pid uint32, name string) bool {
	name = strings.TrimSuffix(name, " (deleted)")
	for _, w := range f.wanted {
		if w == strconv.Itoa(int(pid)) || w == name || w == filepath.Base(name) {
			return true
		}
	}
	return false
}

// wake begins to tell who wakes whom in a process.
func (f *goFinder) wake(pid uint32, exe, name string, p *goroutines.Program) {
	err := p.ReadyErr
	if err == nil && p.Offsets.Reasons == 0 {
		err = fmt.Errorf("%s does not say why goroutines wait", p.Version)
	}
	if err == nil {
		err = f.src.WakeGo(int(pid), pid, exe, p.Ready, f.limit)
	}
	if err != nil {
		f.counts.wakeRefused()
		f.say(fmt.Sprintf("wirespan: --sys-go-wake: %s (%d): %v", filepath.Base(name), pid, err))
		return
	}
	f.counts.wakes(1)
	f.wakes[pid] = &goWaking{name: filepath.Base(name), at: time.Now()}
}

// start looks at programs that begin, and at the rates of wakes. say tells
// the user.
func (f *goFinder) start(say func(string)) {
	if f == nil {
		return
	}
	for _, n := range f.notes {
		say(n)
	}
	f.say, f.notes = say, nil
	if !f.later || f.counts.hidden != "" {
		return
	}
	f.wait.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-f.quit:
				return
			case e := <-f.begun:
				f.follow(&e)
			case <-tick.C:
				f.rates(time.Now())
			}
		}
	})
}

// follow takes the beginning or the end of a program.
func (f *goFinder) follow(e *sys.Event) {
	if w := f.wakes[e.TGID]; w != nil {
		delete(f.wakes, e.TGID)
		f.counts.wakes(-1)
		_ = f.src.UnwakeGo(e.TGID) // the memory that it was in has gone
	}
	if e.Type == sys.Exec {
		f.look(e.TGID)
	}
}

// rates takes probes away that cost a process too much.
func (f *goFinder) rates(now time.Time) {
	for tgid, w := range f.wakes {
		hits, ok := f.src.Wakes(tgid)
		since := now.Sub(w.at).Seconds()
		if !ok || since < 0.5 {
			continue
		}
		rate := float64(hits-w.hits) / since
		w.hits, w.at = hits, now
		if rate <= float64(f.limit) {
			continue
		}
		delete(f.wakes, tgid)
		f.counts.wakes(-1)
		f.counts.tooMany()
		say := fmt.Sprintf("wirespan: %s (%d) wakes %.0f goroutines a second, more than --sys-go-wake-limit %d: its wakes are no longer told", w.name, tgid, rate, f.limit)
		if err := f.src.UnwakeGo(tgid); err != nil {
			say += ": " + err.Error()
		}
		f.say(say)
	}
}

// close ends looking.
func (f *goFinder) close() {
	if f != nil {
		f.once.Do(func() { close(f.quit) })
		f.wait.Wait()
	}
}

// goSource shows the beginnings and ends of programs to a finder.
type goSource struct {
	sys.Source
	f *goFinder
}

// Read, see sys.Source.
func (s *goSource) Read(ctx context.Context, dst []sys.Event) (int, error) {
	n, err := s.Source.Read(ctx, dst)
	for i := range dst[:n] {
		if e := &dst[i]; e.Type == sys.Exec || e.Type == sys.Exit && s.f.later {
			s.f.hand(e)
		}
	}
	return n, err
}

// hand lets the finder look at a program, if it may and has time.
func (f *goFinder) hand(e *sys.Event) {
	if !f.later {
		f.counts.passed()
		return
	}
	select {
	case f.begun <- *e:
	default:
		f.counts.passed()
	}
}

// Close ends the finder, then the source.
func (s *goSource) Close() error {
	s.f.close()
	return s.Source.Close()
}

// plan is what the run keeps: for programs that begin later the kernel is told
// where their goroutines are, and probes are attached and taken away.
func (o *liveOptions) plan(follow bool) privilegePlan {
	p := o.privilegeFlags.plan(follow)
	if o.sys.mode == "off" {
		return p
	}
	p.Processes = p.Processes || len(o.sys.goWake) > 0
	p.Kernel = p.Processes
	return p
}
