package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/apm"
	assembly "github.com/wirespan/wirespan/tracer/assemble"
	access "github.com/wirespan/wirespan/tracer/gate"
	"github.com/wirespan/wirespan/tracer/ingest"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// house is a store with everything that gives it spans and asks it: serve, or what
// runs beside read, live and mirror with --ui. Only serve takes spans of others.
type house struct {
	flags *houseFlags
	log   *slog.Logger
	keys  *span.Keys

	kept     *openedStore
	store    store.Store // kept, with a tap for the live stream
	receiver *ingest.Receiver
	live     *api.Live
	queries  map[string]http.Handler // APIs by pattern; they take the right to read
	packets  recentPackets           // of --record beside it
	gate     *access.Gate
	cert     *access.Certificate // nil without TLS
	agents   agentTable
	onward   *onward     // nil: assembled traces go nowhere
	apm      *apm.Client // nil: nobody is asked
	process  *process
	began    time.Time

	doors    []*door
	state    atomic.Int32 // of houseState
	failures chan error   // of doors
}

// States of a house.
const (
	houseOpening int32 = iota
	houseOpen
	houseDraining
)

// openDoors listens, so that what cannot be had is known before anything else is
// done. The caller closes the house, whatever comes next.
func openDoors(flags *houseFlags, keys *span.Keys, log *slog.Logger) (*house, error) {
	if err := flags.settle(); err != nil {
		return nil, usage(err)
	}
	h := &house{flags: flags, log: log, keys: keys, began: time.Now(), failures: make(chan error, 8)}
	g, cert, t, err := flags.access()
	if err != nil {
		return nil, usage(err)
	}
	h.gate, h.cert = g, cert
	for _, a := range flags.addresses() {
		if *a.addr == "" {
			continue
		}
		d, err := openDoor(a.flag, *a.addr, t)
		if err != nil {
			h.closeDoors()
			return nil, &statusError{exitPartial, err}
		}
		h.doors = append(h.doors, d)
	}
	return h, nil
}

// furnish puts a store into the house, which closes it. take says whether spans of
// others are taken.
func (h *house) furnish(st *openedStore, take bool) error {
	h.kept, h.process = st, openProcess()
	var err error
	if h.live, err = api.NewLive(api.DefaultLive()); err != nil {
		return err
	}
	h.store = h.live.Tap(st)
	ac := assembly.Default()
	if h.flags.traceAt > 0 {
		ac.MaxSpans = h.flags.traceAt
	}
	a, err := assembly.New(h.store, ac)
	if err != nil {
		return err
	}
	if take {
		if a, err = h.receive(a); err != nil {
			return err
		}
	}
	return h.addQueries(a)
}

// receive makes what takes spans of others and sends traces on. The assembler that it
// returns asks APMs, too, if there are any; what is sent on is what came here.
func (h *house) receive(a *assembly.Assembler) (*assembly.Assembler, error) {
	var err error
	if h.onward, err = openOnward(&h.flags.onward, a, h.store); err != nil {
		return nil, err
	}
	if err := h.onward.share(h.kept.Store, h.log); err != nil {
		return nil, err
	}
	c := ingest.Default()
	c.MaxBody, c.Log = int(h.flags.limits.Body), h.log
	c.Tap = func(spans []store.Span) {
		h.agents.saw(spans)
		h.onward.note(spans)
	}
	if h.receiver, err = ingest.New(c, h.store); err != nil {
		return nil, err
	}
	if h.apm, err = h.flags.apm.open(); err != nil || h.apm == nil {
		return a, err
	}
	return a.With(foreign{h.apm}), nil
}

// serve answers from now on.
func (h *house) serve() {
	for _, d := range h.doors {
		h.open(d)
	}
	h.onward.start()
	h.state.Store(houseOpen)
	if err := h.sayServed(h.kept.dir); err != nil {
		h.log.Warn("wirespan search --store will not find this server", "error", err)
	}
}

// drain ends what is under way: no new requests, those that are being answered
// finish, then the store is on disk. ctx bounds the requests.
func (h *house) drain(ctx context.Context) error {
	h.state.Store(houseDraining)
	if h.live != nil {
		h.live.Close() // streams would go on for ever
	}
	errs := []error{h.shut(ctx), h.onward.drain(ctx)}
	if h.apm != nil {
		h.apm.Close()
	}
	if h.kept != nil {
		forgetServed(h.kept.dir)
		keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), syncTime)
		defer cancel()
		if err := h.store.Sync(keep); err != nil {
			errs = append(errs, fmt.Errorf("sync store: %w", err))
		}
		if err := h.store.Close(keep); err != nil {
			errs = append(errs, fmt.Errorf("close store: %w", err))
		}
		h.kept = nil
	}
	if h.process != nil {
		h.process.close()
	}
	return errors.Join(errs...)
}

// syncTime bounds how long a store may take to write what it holds at the end.
const syncTime = 30 * time.Second

// writable are the places that a house writes to later on, readable those that it
// reads.
func (h *house) writable(s *storeFlags) (list []string) {
	if s.dir != "" {
		list = append(list, s.dir)
	}
	return list
}
