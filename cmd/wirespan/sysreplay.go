package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/link"
)

// replays are files of recorded events.
type replays []io.Closer

// openSysReplays reads recorded events beside packets, those of each agent by
// themselves. Spans have the ids that they had for the agent that recorded
// them, unless the user names another one.
func openSysReplays(names []string, anew bool, p *pipeline) (r replays, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	for i, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return r, fmt.Errorf("--sys-replay: %w", err)
		}
		r = append(r, f)
		src, err := sys.NewReplay(f)
		if err != nil {
			return r, fmt.Errorf("--sys-replay %s: %w", name, err)
		}
		h := link.SystemHost{Tier: src.Tier(), Agent: src.Agent(), Index: i}
		if anew {
			h.Agent = ""
		}
		t, err := executor.New(executor.Default(), p.linker.System(h))
		if err != nil {
			return r, err
		}
		p.sys = append(p.sys, newSysFeed(src, t, true))
	}
	return r, nil
}

func (r replays) close() error {
	var errs []error
	for _, f := range r {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
