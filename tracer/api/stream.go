package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Hello is the first event of a stream.
type Hello struct {
	Of    string `json:"of" enum:"spans,traces" doc:"what is shown"`
	Beat  int64  `json:"beat_ns" doc:"time between comments that are signs of life"`
	Rate  int    `json:"rate" doc:"events per second at most; others are dropped"`
	Quiet int64  `json:"quiet_ns" doc:"of=traces: time after the last span of a trace until it is shown"`
}

// Dropped is the event that tells of losses.
type Dropped struct {
	Spans int64 `json:"spans" doc:"that were not shown since the stream began: too many per second, or the client was slow"`
}

var liveParams = with(param{name: "of", kind: "string", enum: []string{"spans", "traces"}, doc: "an event per span (default), or per trace, once it is quiet"})

// writeTime is how long a client may take to read what is sent at once.
const writeTime = 10 * time.Second

// live sends spans or traces as they are written (HTML, 9.2: server-sent events).
func (a *API) live(ctx context.Context, r *request) (any, error) {
	q := r.question(a.Keys)
	if r.fault != nil {
		return nil, r.fault
	}
	if a.Live == nil {
		return nil, notFound("this server has no live stream")
	}
	c := &listener{cfg: &a.Live.cfg, query: q, traces: r.Get("of") == "traces", now: a.Now, queue: make(chan []seenSpan, a.Live.cfg.Queue)}
	if !a.Live.listen(c) {
		r.w.Header().Set("Retry-After", "10")
		return nil, problem("busy", http.StatusServiceUnavailable, "too many clients", "%d are listening", a.Live.cfg.Clients)
	}
	defer a.Live.leave(c)
	s := &stream{api: a, c: c, w: r.w, out: http.NewResponseController(r.w), waits: map[span.TraceID]*quietTrace{}, done: map[span.TraceID]bool{}}
	r.w.Header().Set("Content-Type", "text/event-stream")
	r.w.Header().Set("X-Accel-Buffering", "no") // nginx would wait for more
	_ = s.out.SetReadDeadline(time.Time{})      // of the server for requests; where there is none, none is needed
	s.run(ctx)
	return written{}, nil
}

// stream is a client as its request sees it.
type stream struct {
	api   *API
	c     *listener
	w     http.ResponseWriter
	out   *http.ResponseController
	told  uint64 // losses
	waits map[span.TraceID]*quietTrace
	done  map[span.TraceID]bool // ids in waits that are part of a trace that was shown
	buf   []byte
}

// quietTrace is a trace that may get further spans.
type quietTrace struct {
	start int64
	last  time.Time
}

// run ends with the client, the server, or a client that does not read.
func (s *stream) run(ctx context.Context) {
	cfg := s.c.cfg
	of := "spans"
	if s.c.traces {
		of = "traces"
	}
	err := s.event("hello", Hello{Of: of, Beat: int64(cfg.Beat), Rate: cfg.Rate, Quiet: int64(cfg.Quiet)})
	if err == nil {
		err = s.flush()
	}
	tick := time.NewTicker(max(min(cfg.Beat, cfg.Quiet/2), time.Millisecond))
	defer tick.Stop()
	beat := time.Now()
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-s.api.Live.closed:
			_ = s.event("end", struct{}{}) // it is the last one
			_ = s.flush()
			return
		case batch := <-s.c.queue:
			s.c.took(batch)
			err = s.take(batch)
		case <-tick.C:
			if err = s.quiet(ctx); err == nil {
				err = s.losses()
			}
			if time.Since(beat) >= cfg.Beat {
				beat = time.Now()
				s.buf = append(s.buf, ": beat\n\n"...)
			}
		}
		if err == nil && len(s.buf) > 0 {
			err = s.flush()
		}
	}
}

// take sends spans, or notes their traces.
func (s *stream) take(batch []seenSpan) error {
	for i := range batch {
		x := &batch[i]
		if x.json != nil {
			s.buf = append(append(append(s.buf, "event: span\ndata: "...), x.json...), "\n\n"...)
			continue
		}
		delete(s.done, x.trace) // there is more of it
		w := s.waits[x.trace]
		if w == nil {
			if len(s.waits) == s.c.cfg.Traces {
				s.c.dropped.Add(1)
				continue
			}
			w = &quietTrace{start: x.start}
			s.waits[x.trace] = w
		}
		w.last = time.Now()
	}
	return nil
}

// quiet shows the traces to which nothing came for a while, for as long as it may:
// spans that come meanwhile wait in the queue, which is bounded.
func (s *stream) quiet(ctx context.Context) error {
	begin := time.Now()
	if len(s.waits) == 0 {
		clear(s.done)
	}
	for id, w := range s.waits {
		now := time.Now()
		if now.Sub(begin) > s.c.cfg.Quiet/4 {
			return nil // the rest at the next tick
		}
		if now.Sub(w.last) < s.c.cfg.Quiet {
			continue
		}
		delete(s.waits, id)
		if s.done[id] { // is part of one that was shown a moment ago
			continue
		}
		if !s.c.may() {
			s.c.dropped.Add(1)
			continue
		}
		if err := s.show(ctx, id, w.start); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) show(ctx context.Context, id span.TraceID, start int64) error {
	limited, stop := context.WithTimeout(ctx, s.api.Limits.Timeout)
	defer stop()
	t, err := s.api.Assembler.Trace(limited, id, near(start))
	switch {
	case errors.Is(err, assemble.ErrNotFound):
		return nil
	case err != nil:
		s.c.dropped.Add(1)
		return ctx.Err()
	}
	for i := range t.Nodes {
		if x := t.Nodes[i].Span.Trace; s.waits[x] != nil {
			s.done[x] = true
		}
	}
	if err := s.event("trace", summaryOf(t, func(x *store.Span) bool { return store.Fits(&s.c.query, x) })); err != nil {
		return err
	}
	return s.flush() // others may take their time
}

// losses tells of spans that were not shown, once after each loss.
func (s *stream) losses() error {
	n := s.c.dropped.Load()
	if n == s.told {
		return nil
	}
	s.told = n
	return s.event("dropped", Dropped{Spans: counted(n)})
}

func (s *stream) event(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	s.buf = append(append(append(append(append(s.buf, "event: "...), name...), "\ndata: "...), b...), "\n\n"...)
	return nil
}

// flush sends what has gathered. A server may have set a time for the whole
// response; a stream has one for each part instead.
func (s *stream) flush() error {
	if err := s.out.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		return err
	}
	return s.out.Flush()
}
