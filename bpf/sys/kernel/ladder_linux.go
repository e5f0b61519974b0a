package kernel

import (
	"context"
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/bpf/sys"
)

// Open takes the first tier that loads, attaches and sees what it should. The
// report says why those before it were refused; when all are, the error says so.
func Open(ctx context.Context, cfg Config) (sys.Source, Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, err
	}
	var report Report
	for _, t := range cfg.Tiers {
		s, err := openTier(ctx, t, &cfg)
		if err == nil {
			return s, append(report, Attempt{Tier: t}), nil
		}
		report = append(report, Attempt{Tier: t, Reason: explain(err), Detail: err})
		if ctx.Err() != nil {
			break
		}
	}
	return nil, report, fmt.Errorf("open eBPF module: %s", report[len(report)-1].Reason)
}

// Probe tries every tier and leaves nothing behind, for doctor.
func Probe(ctx context.Context, cfg Config) Report {
	var report Report
	for _, t := range cfg.Tiers {
		a := Attempt{Tier: t}
		if s, err := openTier(ctx, t, &cfg); err != nil {
			a.Reason, a.Detail = explain(err), err
		} else if err := s.Close(); err != nil {
			a.Reason, a.Detail = "cannot be taken away again: "+err.Error(), err
		}
		report = append(report, a)
	}
	return report
}

// openTier takes the first object of a tier that can be had. What is said of
// its failure is about the one that comes nearest to what the kernel has: the
// first, if the others fare no better.
func openTier(ctx context.Context, t sys.Tier, cfg *Config) (*kernelSource, error) {
	first := errNotBuilt
	for i, o := range objects[t] {
		s, err := openObject(ctx, t, o, cfg)
		if err == nil {
			return s, nil
		}
		if i == 0 {
			first = err
		}
	}
	return nil, first
}

// openObject loads and attaches an object and checks it on a connection of its
// own, before any filter holds.
func openObject(ctx context.Context, t sys.Tier, o object, cfg *Config) (*kernelSource, error) {
	s, err := load(t, o, cfg)
	if err != nil {
		return nil, err
	}
	own, err := selfCheck(ctx, s)
	if err == nil {
		err = s.restrict(own, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

var errNotBuilt = errors.New("this build of wirespan has no such tier")
