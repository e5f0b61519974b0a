package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/relay"
	"github.com/wirespan/wirespan/tracer/store"
)

// shareTime bounds the preparation of a store for several servers.
const shareTime = 30 * time.Second

// share has assembled traces leave from one of the servers that use the same store, if
// it is one of that kind.
func (w *onward) share(st store.Store, log *slog.Logger) error {
	l, ok := st.(store.Ledger)
	if w == nil || !ok {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	s := relay.DefaultSharing(fmt.Sprintf("%s:%d", host, os.Getpid()))
	s.Log = log
	ctx, cancel := context.WithTimeout(context.Background(), shareTime)
	defer cancel()
	if err := w.relay.Share(ctx, l, s); err != nil {
		return fmt.Errorf("--otlp with --clickhouse: %w", err)
	}
	return nil
}

// Settled meets relay.Settler: spans that all ways are done with.
func (w *onward) Settled() uint64 {
	least := ^uint64(0)
	for i := range w.ways {
		s := w.ways[i].box.Stats()
		least = min(least, s.Sent+s.Rejected+s.Dropped)
	}
	return least
}

// sharedFamilies tell how servers share what leaves.
func (w *onward) sharedFamilies() []metric.Family {
	if w == nil {
		return nil
	}
	s := w.relay.Stats().Shared
	return []metric.Family{
		oneGauge("wirespan.relay.servers", "", "servers that share the sending of traces; 0 while they do not agree, or with a store that is not shared", float64(s.Servers)),
		oneGauge("wirespan.relay.parts", "", "of 256 parts of all traces, those that this server sends", float64(s.Parts)),
		oneGauge("wirespan.relay.lag", "s", "how late traces are sent, beyond --otlp-quiet", s.Lag.Seconds()),
		oneCount("wirespan.relay.handed", "{trace}", "traces that were left to the server of their id", s.Handed),
		oneCount("wirespan.relay.taken_over", "{trace}", "traces that were sent in place of a server that is gone; it may have sent some of them", s.Taken),
		oneCount("wirespan.relay.unsure_spans", "{span}", "spans that were sent but could not be noted: they may be sent again", s.Unsure),
		oneCount("wirespan.relay.ledger_failures", "", "questions to the store about sharing that failed", s.Failed),
	}
}
