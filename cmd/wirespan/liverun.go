package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wirespan/wirespan/tracer/link"
)

// liveRun is one run of live, from the open sockets to the summary.
type liveRun struct {
	stop   func() // ends the run
	o      *liveOptions
	mu     sync.Mutex // of filter, from the start of run on
	filter *liveFilter
	src    *liveSource
	system *liveSys
	line   *statusLine
	notify *notifier
	parts  *parts
	pipe   *pipeline
	kept   *recording
	counts liveCounts
	watch  *telemetry
}

// staleAfter is how old the counters of a reader may be until the run is taken
// for hanging: they are copied once a second, also in silence.
const staleAfter = 5 * time.Second

// liveGCPercent keeps a live run below 128 MiB with its default bounds, all of
// them reached: a dead receiver, a reader that stands still, a full disk.
const liveGCPercent = 8

// traceLive is the run behind open sockets.
func traceLive(ctx context.Context, o *liveOptions, src *liveSource, system *liveSys, filter *liveFilter) error {
	signal.Ignore(syscall.SIGPIPE) // writes say so, too
	debug.SetGCPercent(liveGCPercent)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &liveRun{stop: stop, o: o, src: src, system: system, filter: filter, line: newStatusLine(os.Stderr, o.status)}
	defer func() { r.watch.stop(ctx) }()
	if err := becomeUser(o.plan(src.opens)); err != nil {
		return &statusError{exitPartial, err}
	}
	if err := r.compose(); err != nil {
		return err
	}
	stop, err := startProfile(o.profile)
	if err != nil {
		return usage(err)
	}
	defer stop()
	if r.notify, err = newNotifier(); err != nil {
		r.line.warn(err)
	}
	defer r.notify.close()
	if err := r.sandbox(ctx); err != nil {
		return &statusError{exitPartial, err}
	}
	err = r.run(ctx)
	r.parts.outs.keep.close(ctx)
	return r.finish(err)
}

// unwritten says what follows from a failed write to f: when nobody reads
// standard output any more, the run ends as by a signal, with everything else
// written.
func (r *liveRun) unwritten(f *os.File) func(error) {
	return func(err error) {
		r.line.warn(err)
		if f == os.Stdout && errors.Is(err, syscall.EPIPE) {
			r.stop()
		}
	}
}

// compose puts the pipeline behind the source.
func (r *liveRun) compose() error {
	o := r.o
	o.options.identify, o.labels = o.identify, o.who.labels
	if o.voice == nil {
		o.voice = &voice{}
	}
	o.voice.through(r.line.print)
	o.spool = func(f *os.File) *spool { return newSpool(f, r.line.around(f), r.unwritten(f)) }
	p, err := compose(&o.options)
	if err != nil {
		return err
	}
	p.steadySinks(&r.counts)
	p.cfg.watched = true
	if r.watch, err = p.watch(&o.options); err != nil {
		return err
	}
	p.cfg.link.Quiet = liveQuiet(p.cfg.link.Quiet, r.src.behind())
	if m := r.src.mirrored; m != nil && m.inner != nil {
		p.cfg.inner = m.inner.match
	}
	r.parts = p
	p.cfg.link.Owns, p.cfg.link.OneClock = r.owns(), r.oneClock()
	o.keep.settings = o.placing.settings()
	if r.kept, err = o.keep.open(o.agent, time.Now(), r.src.counters); err != nil {
		return err
	}
	if err := r.kept.feedCuts(p.outs.cuts); err != nil {
		return err
	}
	if k := p.outs.keep; k != nil && r.kept.recent != nil {
		k.house.packets.recent.Store(r.kept.recent)
	}
	src := r.src.limited(o.count)
	for i := range src {
		src[i] = r.kept.tee(src[i])
	}
	if r.pipe, err = p.newPipelineOn(src...); err != nil {
		return usage(err)
	}
	if err := r.system.start(r.pipe, r.line.print); err != nil {
		return err
	}
	for i, rd := range r.pipe.readers {
		rd.pace.refuse, rd.pace.quiet = r.src.refuse(i), max(drainQuiet, 2*o.retire)
		rd.pace.gather, rd.pace.room, rd.pace.lag = r.src.gather, r.src.room, r.src.lag()
		rd.pace.owed = rd.pace.lag
	}
	r.pipe.drain, r.pipe.drains = max(o.drain, time.Millisecond), p.outs.drain
	return r.watch.start(r.pipe, r.feeds())
}

// sandbox gives up what the rest of the run does not need.
func (r *liveRun) sandbox(ctx context.Context) error {
	plan := r.o.plan(r.src.opens)
	plan.Read = append(plan.Read, configFolders(ctx)...)
	if r.o.exprFile != "" {
		plan.Read = append(plan.Read, r.o.exprFile)
	}
	plan.Read = append(plan.Read, r.o.who.files()...)
	read, write := r.o.mirror.folders()
	plan.Read, plan.Write = append(plan.Read, read...), append(plan.Write, write...)
	plan.Write = append(plan.Write, r.o.laterFiles()...)
	plan.Write = append(plan.Write, r.o.keep.places()...)
	for _, dir := range []string{r.o.toServer.bufferDir(), r.o.keeping.store.dir} {
		if dir != "" {
			plan.Write = append(plan.Write, dir)
		}
	}
	plan.Read = append(plan.Read, r.o.keeping.house.files()...)
	report, err := dropPrivileges(plan)
	if err != nil {
		return err
	}
	if r.o.verbose {
		r.line.print(privilegeLine(report))
	}
	return nil
}

// run captures until ctx ends or the source does.
func (r *liveRun) run(ctx context.Context) error {
	r.line.start(r.src, &r.counts)
	defer r.line.stop()
	beside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, r.notify.stopping)()
	var wg sync.WaitGroup
	defer func() {
		if err := r.parts.ids.close(); err != nil {
			r.line.warn(err)
		}
	}()
	defer wg.Wait()
	defer cancel() // before the wait
	wg.Go(func() { r.notify.watch(beside, r.alive) })
	wg.Go(func() { r.tellRefusals(beside) })
	wg.Go(func() { r.tellPlaces(beside) })
	wg.Go(r.followHangups(beside))
	r.parts.ids.start(beside, r.line.warn)
	defer watchConfig(beside, func(c *configChange) error { return r.apply(beside, c) }, r.line.print)()
	if r.o.adaptive {
		wg.Go(func() { r.adapt(beside) })
	}
	r.announce() // from now on signals are understood
	err := r.pipe.run(ctx)
	ending, end := context.WithTimeout(beside, r.pipe.drain)
	defer end()
	if e := r.kept.close(ending); e != nil {
		r.line.warn(e) // what it lost is counted
	}
	if e := r.kept.cut(ending, r.parts.outs.cuts); e != nil {
		r.line.warn(e)
	}
	return err
}

// liveQuiet is the quiet time that the linker is given. Traces leave at grid
// points, up to a step late, and packets come as late as they gathered in the
// ring and waited for others; in a live run traces leave so much earlier instead
// that none comes later than asked for by much.
func liveQuiet(q, behind time.Duration) time.Duration {
	return max(q-time.Duration(link.Grid)-behind, time.Duration(link.Grid))
}

// alive reports whether packets are still being looked at.
func (r *liveRun) alive() bool {
	_, oldest, ended := r.pipe.board.read()
	return ended || oldest.IsZero() || time.Since(oldest) < staleAfter
}

// announce says what is captured, as tcpdump does.
func (r *liveRun) announce() {
	for _, n := range append(r.filter.notes, r.src.notes...) {
		r.line.print("wirespan: " + n)
	}
	where := "interfaces as they appear"
	if len(r.src.names) > 0 {
		where = strings.Join(r.src.names, ", ")
	}
	text := fmt.Sprintf("listening on %s, snapshot length %d bytes, filter: %s", where, r.o.snaplen, cmp.Or(r.filter.shown, "none"))
	r.line.print(text)
	r.notify.ready(text)
}
