package kernel

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/wirespan/wirespan/bpf/sys"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
)

// object is how a tier is loaded.
type object struct {
	spec     func() (*ebpf.CollectionSpec, error)
	optional []string // programs whose function not every kernel has
	legacy   bool     // made for kernels without BTF
}

// objects are what a tier can be loaded from, the best first: the second one of
// Fexit is for kernels before 5.12.
var objects = map[sys.Tier][]object{
	sys.Sock:    {{spec: loadSock}},
	sys.Fexit:   {{spec: loadFexit, optional: []string{"inet_sendpage_exit"}}, {spec: loadFexitWalk, optional: []string{"inet_sendpage_exit"}}},
	sys.Syscall: {{spec: loadSyscall}},
	sys.Legacy:  {{spec: loadLegacy, legacy: true}},
}

// errMemlock is about kernels before 5.11, which count maps as locked memory.
var errMemlock = errors.New("raise limit of locked memory")

// errTracefs is about tiers that need tracepoints by name.
var errTracefs = errors.New("find tracepoint")

// load puts the programs of a tier into the kernel.
func load(t sys.Tier, o object, cfg *Config) (*kernelSource, error) {
	spec, err := o.spec()
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if err := prune(spec, o.optional); err != nil {
		return nil, err
	}
	if !o.legacy {
		if err := configure(spec, cfg); err != nil {
			return nil, err
		}
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		return nil, fmt.Errorf("%w: %w", errMemlock, err)
	}
	coll, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, fmt.Errorf("load programs: %w", err)
	}
	s := &kernelSource{tier: t, coll: coll}
	if o.legacy {
		err = s.startLegacy(cfg)
	} else {
		err = s.start()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prune takes out programs for functions that this kernel does not have.
func prune(spec *ebpf.CollectionSpec, optional []string) error {
	if len(optional) == 0 {
		return nil
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return fmt.Errorf("read BTF: %w", err)
	}
	for _, name := range optional {
		var f *btf.Func
		if err := kernel.TypeByName(spec.Programs[name].AttachTo, &f); errors.Is(err, btf.ErrNotFound) {
			delete(spec.Programs, name)
		}
	}
	return nil
}

// configure sets what is decided before loading.
func configure(spec *ebpf.CollectionSpec, cfg *Config) error {
	spec.Maps["events"].MaxEntries = uint32(cfg.Ring)
	if err := sizeCounts(spec); err != nil {
		return err
	}
	goroutines := uint32(0)
	if cfg.Go {
		goroutines = 1
	}
	for name, v := range map[string]uint32{"config_every": cfg.Every, "config_go": goroutines, "config_go_register": goRegisters[runtime.GOARCH].thread} {
		if err := spec.Variables[name].Set(v); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return walk(spec)
}

// start attaches every program and opens the ring.
func (s *kernelSource) start() error {
	for name, p := range s.coll.Programs {
		l, err := link.AttachTracing(link.TracingOptions{Program: p})
		if err != nil {
			return fmt.Errorf("attach %s: %w", name, err)
		}
		s.links = append(s.links, l)
	}
	ring, err := openMapped(s.coll.Maps["events"])
	if err != nil {
		return fmt.Errorf("open ring: %w", err)
	}
	s.ring = ring
	s.counts, err = openCounts(s.coll)
	return err
}

// startLegacy attaches every program of tier legacy, and opens the rings.
func (s *kernelSource) startLegacy(cfg *Config) error {
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count CPUs: %w", err)
	}
	if err := s.restrictLegacy(0, &Config{Every: cfg.Every}); err != nil {
		return err
	}
	rings, err := openPerf(s.coll.Maps["events"], cfg.Ring, cpus)
	if err != nil {
		return fmt.Errorf("open rings: %w", err)
	}
	s.ring, s.counts, s.names = rings, rings, newNames(cfg.Ports)
	s.links, err = attachLegacy(s.coll)
	return err
}

// portBits are the words of map ports that have a bit set.
func portBits(ports []uint16) map[uint32]uint64 {
	bits := make(map[uint32]uint64)
	for _, p := range ports {
		bits[uint32(p>>6)] |= 1 << (p & 63)
	}
	return bits
}

// tgidSet has a bit for the low bits of each process that may be in a map: set
// config_tgids and config_gos of c/event.h.
type tgidSet [4096 / 64]uint64

func (t *tgidSet) add(tgids ...uint32) {
	for _, p := range tgids {
		t[p/64%uint32(len(t))] |= 1 << (p % 64)
	}
}

// restrict makes the filters hold. own is our process, as the kernel knows it.
func (s *kernelSource) restrict(own uint32, cfg *Config) error {
	const byPort, byTGID, byCgroup = 1, 2, 4
	s.own = own
	if s.tier == sys.Legacy {
		return s.restrictLegacy(own, cfg)
	}
	which := uint32(0)
	one := uint8(1)
	put := func(name string, bit uint32, key any) error {
		which |= bit
		if err := s.coll.Maps[name].Put(key, one); err != nil {
			return fmt.Errorf("filter %s: %w", name, err)
		}
		return nil
	}
	var errs []error
	for word, bits := range portBits(cfg.Ports) {
		which |= byPort
		errs = append(errs, s.coll.Maps["ports"].Put(word, bits))
	}
	for _, p := range cfg.TGIDs {
		errs = append(errs, put("tgids", byTGID, p))
	}
	for _, c := range cfg.Cgroups {
		errs = append(errs, put("cgroups", byCgroup, c))
	}
	var maybe tgidSet
	maybe.add(cfg.TGIDs...)
	errs = append(errs, s.coll.Variables["config_tgids"].Set(maybe[:]))
	errs = append(errs, s.coll.Variables["config_own"].Set(own), s.coll.Variables["config_filter"].Set(which))
	return errors.Join(errs...)
}
