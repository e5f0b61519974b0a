package kernel

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// goRegister is where struct pt_regs has what of a Go program.
type goRegister struct {
	thread uint32 // g, when a thread is in a system call; 0: it lies in thread-local storage
	g, arg uint32 // g and the first argument, at a probe in Go code
}

// goRegisters are those of Go's internal calling convention: amd64 ax and r14
// (arch/x86/include/asm/ptrace.h), arm64 x0 and x28.
var goRegisters = map[string]goRegister{
	"amd64": {g: 8, arg: 80},
	"arm64": {thread: 28 * 8, g: 28 * 8, arg: 0},
}

// maxWakes is the size of map gowakes.
const maxWakes = 256

var (
	errNoGo      = errors.New("this tier tells no goroutines")
	errManyWakes = fmt.Errorf("there are %d processes with probes, which is the bound", maxWakes)
)

// wakes are the probes of runtime.ready. The program is loaded with the first.
type wakes struct {
	mu     sync.Mutex
	closed bool
	coll   *ebpf.Collection
	links  map[uint32]link.Link
}

// waking is struct waking of c/gowake.c.
type waking struct {
	Hits, Window  uint64
	HitsIn, Limit uint32
}

// Own, see Goroutines.
func (s *kernelSource) Own() uint32 { return s.own }

// SetGo, see Goroutines.
func (s *kernelSource) SetGo(tgid uint32, o GoOffsets) error {
	m := s.coll.Maps["goprocs"]
	if m == nil {
		return errNoGo
	}
	if err := m.Put(tgid, o); err != nil {
		return fmt.Errorf("set goroutine offsets of process %d: %w", tgid, err)
	}
	s.gosMu.Lock()
	defer s.gosMu.Unlock()
	s.gos.add(tgid)
	if err := s.coll.Variables["config_gos"].Set(s.gos[:]); err != nil {
		return fmt.Errorf("say that process %d is Go: %w", tgid, err)
	}
	return nil
}

// WakeGo, see Goroutines.
func (s *kernelSource) WakeGo(pid int, tgid uint32, executable string, at uint64, limit uint32) error {
	w := &s.wakes
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case s.coll.Maps["goprocs"] == nil:
		return errNoGo
	case w.closed:
		return errors.New("the source is closed")
	case w.links[tgid] != nil:
		return nil
	case len(w.links) >= maxWakes:
		return errManyWakes
	}
	if w.coll == nil {
		if err := w.load(s.coll); err != nil {
			return fmt.Errorf("load probe of goroutine wakes: %w", err)
		}
	}
	if err := w.coll.Maps["gowakes"].Put(tgid, waking{Limit: limit}); err != nil {
		return fmt.Errorf("set limit of process %d: %w", pid, err)
	}
	l, err := attachReady(w.coll.Programs["go_ready"], pid, executable, at)
	if err != nil {
		return errors.Join(fmt.Errorf("probe runtime.ready of process %d: %w", pid, err), w.coll.Maps["gowakes"].Delete(tgid))
	}
	w.links[tgid] = l
	return nil
}

func attachReady(p *ebpf.Program, pid int, executable string, at uint64) (link.Link, error) {
	x, err := link.OpenExecutable(executable)
	if err != nil {
		return nil, err
	}
	return x.Uprobe("runtime.ready", p, &link.UprobeOptions{Address: at, PID: pid})
}

// load puts the program into the kernel, which shares maps with the tier's.
func (w *wakes) load(tier *ebpf.Collection) error {
	spec, err := loadGoWake()
	if err != nil {
		return err
	}
	shared := make(map[string]*ebpf.Map)
	for _, name := range []string{"events", "stats", "goprocs"} {
		shared[name] = tier.Maps[name]
		spec.Maps[name].MaxEntries = tier.Maps[name].MaxEntries()
	}
	at, ok := goRegisters[runtime.GOARCH]
	if !ok {
		return errArch
	}
	if err := errors.Join(spec.Variables["config_arg"].Set(at.arg), spec.Variables["config_g"].Set(at.g)); err != nil {
		return err
	}
	if w.coll, err = ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: shared}); err != nil {
		return err
	}
	w.links = make(map[uint32]link.Link)
	return nil
}

// Wakes, see Goroutines.
func (s *kernelSource) Wakes(tgid uint32) (uint64, bool) {
	w := &s.wakes
	w.mu.Lock()
	defer w.mu.Unlock()
	var v waking
	if w.links[tgid] == nil || w.coll.Maps["gowakes"].Lookup(tgid, &v) != nil {
		return 0, false
	}
	return v.Hits, true
}

// UnwakeGo, see Goroutines.
func (s *kernelSource) UnwakeGo(tgid uint32) error {
	w := &s.wakes
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.links[tgid]
	if l == nil {
		return nil
	}
	delete(w.links, tgid)
	return errors.Join(l.Close(), w.coll.Maps["gowakes"].Delete(tgid))
}

// close takes all probes away.
func (w *wakes) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	var errs []error
	for _, l := range w.links {
		errs = append(errs, l.Close())
	}
	w.links = nil
	if w.coll != nil {
		w.coll.Close()
	}
	return errors.Join(errs...)
}
