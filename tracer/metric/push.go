package metric

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/otlp/transport"
	"github.com/wirespan/wirespan/tracer/sink"
)

// PushConfig says where and how often a Pusher exports.
type PushConfig struct {
	Endpoint Endpoint
	Headers  map[string]string // of every request; values are never shown
	Gzip     bool
	TLS      *tls.Config   // for https and grpcs; nil trusts the system's roots
	Interval time.Duration // between two exports
	Timeout  time.Duration // of one attempt
	// Proxy chooses the proxy, nil for none; see transport.Config.
	Proxy  func(*http.Request) (*url.URL, error)
	Origin Origin
	Gather func() []Family // called by the Pusher's goroutine
}

// DefaultPush lacks Endpoint, Origin and Gather. The times are those of the
// OpenTelemetry specification (Periodic exporting MetricReader).
func DefaultPush() PushConfig {
	return PushConfig{Interval: time.Minute, Timeout: 30 * time.Second}
}

// Validate reports every fault.
func (c *PushConfig) Validate() error {
	var errs []error
	via := c.transport()
	if err := via.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("metrics: %w", err))
	}
	if c.Interval < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("metrics.interval: %v is below 100ms", c.Interval))
	}
	if c.Gather == nil {
		errs = append(errs, errors.New("metrics.gather: missing"))
	}
	return errors.Join(errs...)
}

// maxBackoff bounds the time between attempts to connect.
const maxBackoff = time.Minute

// transport is the part that sends. Its connection stays open from one export
// to the next.
func (c *PushConfig) transport() transport.Config {
	return transport.Config{
		Signal: transport.Metrics(), Endpoint: c.Endpoint, Headers: c.Headers, Gzip: c.Gzip, Timeout: c.Timeout, TLS: c.TLS, Proxy: c.Proxy,
		Senders: 1, Idle: 2 * c.Interval, MaxBackoff: maxBackoff, Version: c.Origin.Version,
	}
}

// maxWaiting bounds the exports that wait for a receiver that is down. Values
// are cumulative, so that one that is given up costs resolution only.
const (
	maxWaiting      = 8
	maxWaitingBytes = 16 << 20
)

// Pusher exports what is gathered, at an interval, with retries.
type Pusher struct {
	cfg    PushConfig
	via    transport.Transport
	box    *sink.Outbox
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewPusher starts a goroutine that ends in Close. It does not connect before
// the first export.
func NewPusher(c PushConfig) (*Pusher, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := &Pusher{cfg: c}
	var err error
	if p.via, err = transport.New(c.transport()); err != nil {
		return nil, err
	}
	q := sink.DefaultQueue()
	q.Parcels, q.Bytes, q.Senders = maxWaiting, maxWaitingBytes, 1
	q.Retry.Total = max(c.Interval, q.Retry.Initial)
	if p.box, err = sink.NewOutbox(p.via, q); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.done.Go(func() { p.run(ctx) })
	return p, nil
}

func (p *Pusher) run(ctx context.Context) {
	t := time.NewTicker(p.cfg.Interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			p.export()
		}
	}
}

// export queues one message. What finds no room is counted by the Outbox, as
// points.
func (p *Pusher) export() {
	families := p.cfg.Gather()
	points := 0
	for i := range families {
		points += len(families[i].Points)
	}
	if points == 0 {
		return
	}
	b, err := proto.Marshal(Data(&p.cfg.Origin, families, time.Now().UnixNano()))
	if err != nil {
		return // the types allow nothing that cannot be encoded
	}
	_ = p.box.Offer(sink.Parcel{Bytes: b, Spans: points})
}

// Stats returns the counters, in points.
func (p *Pusher) Stats() sink.Stats { return p.box.Stats() }

// Close exports once more, delivers what waits until ctx ends, and returns when
// every goroutine has ended. The error says what was lost last.
func (p *Pusher) Close(ctx context.Context) error {
	p.cancel()
	p.done.Wait()
	p.export()
	err := p.box.Close(ctx)
	if st := p.box.Stats(); err != nil {
		err = fmt.Errorf("export metrics: %d points lost, %d refused: %w", st.Dropped, st.Rejected, st.LastError)
	}
	return errors.Join(err, p.via.Close())
}
