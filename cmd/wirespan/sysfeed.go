package main

import (
	"context"
	"errors"
	"io"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/tracer/executor"
)

// Events are handed over in batches; when all of them are on their way the
// source waits, and the kernel's ring counts what it has no room for.
const (
	sysBatch   = 512
	sysBatches = 16
)

// sysFeed brings what the kernel tells of processes to the linker, in step with
// the packets.
type sysFeed struct {
	src     sys.Source
	tracker *executor.Tracker
	full    chan []sys.Event
	empty   chan []sys.Event
	patient bool // the events are recorded: they are waited for
	batch   []sys.Event
	at      int
	ended   bool
	failed  chan error // how reading ended, once it has
}

// newSysFeed reads from src in a goroutine of its own until it ends or is
// closed.
func newSysFeed(src sys.Source, tracker *executor.Tracker, patient bool) *sysFeed {
	f := &sysFeed{
		src: src, tracker: tracker, patient: patient, failed: make(chan error, 1),
		full: make(chan []sys.Event, sysBatches), empty: make(chan []sys.Event, sysBatches),
	}
	for range sysBatches {
		f.empty <- make([]sys.Event, sysBatch)
	}
	go f.read()
	return f
}

func (f *sysFeed) read() {
	defer close(f.full)
	for b := range f.empty {
		n, err := f.src.Read(context.Background(), b[:sysBatch])
		f.full <- b[:n]
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			f.failed <- err
			return
		}
	}
}

// sysFeeds are those of all hosts; none when nothing of processes is told.
type sysFeeds []*sysFeed

// upTo gives the linker what was done before a time of packets.
func (s sysFeeds) upTo(mark int64) {
	for _, f := range s {
		f.upTo(mark)
	}
}

// finish takes what is left, and tells of everything.
func (s sysFeeds) finish() error {
	var errs []error
	for _, f := range s {
		errs = append(errs, f.finish())
	}
	return errors.Join(errs...)
}

func (f *sysFeed) upTo(mark int64) {
	for f.next() && f.batch[f.at].Time < mark {
		f.tracker.Event(&f.batch[f.at])
		f.at++
	}
	f.tracker.Tick(mark)
}

// next reports whether there is an event, the one at f.at.
func (f *sysFeed) next() bool {
	for f.at == len(f.batch) && !f.ended {
		if f.batch != nil {
			f.empty <- f.batch
			f.batch, f.at = nil, 0
		}
		var more bool
		if f.patient {
			f.batch, more = <-f.full
		} else {
			select {
			case f.batch, more = <-f.full:
			default:
				return false
			}
		}
		f.at, f.ended = 0, !more
	}
	return f.at < len(f.batch)
}

func (f *sysFeed) finish() error {
	var closing error
	if !f.patient {
		closing = f.src.Close()
		f.patient = true
	}
	for f.next() {
		f.tracker.Event(&f.batch[f.at])
		f.at++
	}
	f.tracker.Flush()
	return errors.Join(closing, <-f.failed)
}
