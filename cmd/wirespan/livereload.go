package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/capture"
)

// apply takes over a new configuration. Everything is checked before anything
// changes.
func (r *liveRun) apply(ctx context.Context, c *configChange) error {
	next := &liveOptions{}
	flags := pflag.NewFlagSet("live", pflag.ContinueOnError)
	next.addLive(flags)
	if err := c.fill(flags); err != nil {
		return err
	}
	next.words = r.o.words
	if err := next.settle(); err != nil {
		return err
	}
	var retune func()
	if c.has("redact", "redact-name", "request-id", "name", "names", "sample-ratio") {
		var err error
		if retune, err = r.parts.retune(&next.options, r.pipe.linker, c); err != nil {
			return err
		}
	}
	if c.has("filter", "filter-file") {
		if err := r.refilter(ctx, next); err != nil {
			return err
		}
	}
	if retune != nil {
		r.pipe.still(retune)
	}
	return nil
}

// refilter replaces the filter by that of other options.
func (r *liveRun) refilter(ctx context.Context, o *liveOptions) error {
	f, err := newLiveFilter(ctx, o)
	if err != nil {
		return err
	}
	if _, err := f.compile(capture.LinkEthernet); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.snap != nil {
		f.snap = r.filter.snap // what was learnt holds
	}
	same := f.shown == r.filter.shown
	if err := r.src.setFilter(f.compile); err != nil {
		return err
	}
	if m := r.src.mirrored; m != nil && m.inner != nil {
		m.inner.set(f)
	}
	r.filter = f
	for _, n := range f.notes {
		r.line.print("wirespan: " + n)
	}
	if !same {
		r.line.print("filter: " + f.shown)
	}
	return nil
}

// followHangups looks at SIGHUP for what the configuration does not hold: the
// file of -F may have other words, and receivers other addresses. The returned
// function does so until ctx is done; signals are taken from now on.
func (r *liveRun) followHangups(ctx context.Context) func() {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	return func() {
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				r.hangup(ctx)
			}
		}
	}
}

func (r *liveRun) hangup(ctx context.Context) {
	r.mu.Lock()
	o := *r.filter.from
	r.mu.Unlock()
	if o.program != "" {
		return
	}
	err := o.readExpr()
	if err == nil {
		err = r.refilter(ctx, &o)
	}
	if err != nil {
		r.line.warn(err)
	}
}
