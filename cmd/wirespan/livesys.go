package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/link"
)

// sysFlags say what is asked of the kernel about processes.
type sysFlags struct {
	mode   string
	ring   string
	record string

	goWake      []string
	goWakeLimit uint32

	filters sysFilters
}

func (s *sysFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.mode, "sys", "off", "`MODE` of the eBPF module, which tells processes, threads and goroutines: auto (if it can be had), off, require, or a tier: sock, fexit, syscall, legacy")
	f.StringVar(&s.ring, "sys-ring", "4MiB", "`SIZE` of the ring that events of the module wait in, a power of two")
	f.StringVar(&s.record, "sys-record", "", "also write the events of the module to `FILE`, for read --sys-replay")
	s.filters.add(f)
	f.StringArrayVar(&s.goWake, "sys-go-wake", nil, "tell which goroutine wakes which in `PROCESS`, by its id or the name of its executable: a probe in runtime.ready, see docs/sys-go.md; repeatable")
	f.Uint32Var(&s.goWakeLimit, "sys-go-wake-limit", 100000, "take the probe away from a process that wakes more than `N` goroutines a second")
}

// config turns the flags into what is asked for; nil when nothing is.
func (s *sysFlags) config() (*kernel.Config, error) {
	c := kernel.Default()
	switch s.mode {
	case "off":
		return nil, nil
	case "auto", "require":
	default:
		i := slices.IndexFunc(c.Tiers, func(t sys.Tier) bool { return t.String() == s.mode })
		if i < 0 {
			return nil, fmt.Errorf("--sys %q: want auto, off, require or one of %v", s.mode, c.Tiers)
		}
		c.Tiers = c.Tiers[i : i+1]
	}
	size, err := parseSize(s.ring)
	if err != nil {
		return nil, fmt.Errorf("--sys-ring: %w", err)
	}
	c.Ring = size
	if err := s.filters.apply(&c); err != nil {
		return nil, err
	}
	return &c, c.Validate()
}

// liveSys is the eBPF module of a live run.
type liveSys struct {
	src  sys.Source
	file *os.File  // --sys-record
	gos  *goFinder // nil: none are told
}

// openSys loads the module. Without it packets are traced all the same, unless
// it is required; why is the note. later is whether the run may look into other
// users' processes afterwards; agent names this instance.
func openSys(ctx context.Context, s *sysFlags, agent string, later bool) (y *liveSys, note string, err error) {
	cfg, err := s.config()
	switch {
	case err != nil:
		return nil, "", usage(err)
	case cfg == nil:
		return nil, "", nil
	}
	src, report, err := kernel.Open(ctx, *cfg)
	if err != nil {
		if s.mode != "auto" {
			return nil, "", &statusError{exitPartial, err}
		}
		why := err.Error()
		if len(report) > 0 {
			why = report[0].Reason
		}
		return nil, "no threads or processes of system calls: " + why, nil
	}
	y = &liveSys{gos: newGoFinder(src, s, later)}
	if y.gos != nil {
		src = &goSource{src, y.gos}
	}
	src = sys.NewWatch(src, time.Now)
	y.src = src
	if s.record != "" {
		if y.file, err = os.Create(s.record); err != nil {
			return nil, "", &statusError{exitPartial, errors.Join(fmt.Errorf("--sys-record: %w", err), src.Close())}
		}
		if y.src, err = newRecordedSys(src, y.file, agent); err != nil {
			return nil, "", &statusError{exitPartial, errors.Join(err, src.Close())}
		}
	}
	return y, "", nil
}

// start brings the events to the linker of a pipeline.
func (y *liveSys) start(p *pipeline, say func(string)) error {
	if y == nil {
		return nil
	}
	y.gos.start(say)
	cfg := executor.Default()
	cfg.Listens = listeners()
	t, err := executor.New(cfg, p.linker.System(link.SystemHost{Tier: y.src.Tier()}))
	if err != nil {
		return err
	}
	p.sys = sysFeeds{newSysFeed(y.src, t, false)}
	return nil
}

// recordedSys is a source that is written to a file as it is read.
type recordedSys struct {
	sys.Source
	rec *sys.Recorder
	f   *os.File
}

func newRecordedSys(src sys.Source, f *os.File, agent string) (*recordedSys, error) {
	rec, err := sys.NewRecorder(f, sys.Origin{Tier: src.Tier(), Agent: agent})
	return &recordedSys{src, rec, f}, err
}

// Read, see sys.Source.
func (r *recordedSys) Read(ctx context.Context, dst []sys.Event) (int, error) {
	n, err := r.Source.Read(ctx, dst)
	err = errors.Join(r.rec.Write(dst[:n]), err)
	if err != nil {
		if e := errors.Join(r.rec.Close(), r.f.Close()); e != nil {
			err = errors.Join(err, e)
		}
	}
	return n, err
}
