package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wirespan/wirespan/tracer/metric"
)

// Bounds of the server.
const (
	maxScrapes   = 4
	scrapeTime   = 10 * time.Second
	requestTime  = 5 * time.Second // for the head of a request
	responseTime = 5 * time.Minute // a CPU profile may be asked for a while
	maxHead      = 16 << 10
	stallTime    = 15 * time.Second // of a live capture, until it counts as stuck
)

// metricsServer serves metrics, health and profiles.
type metricsServer struct {
	t    *telemetry
	l    net.Listener
	http http.Server
	done chan struct{}
}

// metricsAddr completes ADDR of --metrics: a port, or one without host, is on
// loopback only. All addresses have to be asked for, as 0.0.0.0:9100.
func metricsAddr(s string) (string, error) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("--metrics %q: want a port or HOST:PORT", s)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return "", fmt.Errorf("--metrics %q: %q is not a port", s, port)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// listenMetrics starts the server.
func listenMetrics(t *telemetry, addr string) (*metricsServer, error) {
	addr, err := metricsAddr(addr)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	s := &metricsServer{t: t, l: l, done: make(chan struct{})}
	s.http = http.Server{
		Handler: s.routes(), ReadHeaderTimeout: requestTime, ReadTimeout: requestTime,
		WriteTimeout: responseTime, IdleTimeout: time.Minute, MaxHeaderBytes: maxHead,
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with close
	}()
	return s, nil
}

func (s *metricsServer) addr() string { return s.l.Addr().String() }

func (s *metricsServer) close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	<-s.done
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // a profile that nobody waits for any more
	}
	return err
}

func (s *metricsServer) routes() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(metric.NewCollector(s.t.gather))
	m := http.NewServeMux()
	m.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		EnableOpenMetrics: true, // exemplars
		ErrorHandling:     promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTime,
	}))
	m.HandleFunc("GET /healthz", s.answer(s.t.health))
	m.HandleFunc("GET /readyz", s.answer(s.t.ready))
	m.HandleFunc("GET /status", nearby(s.status))
	m.HandleFunc("GET /debug/pprof/", nearby(pprof.Index))
	m.HandleFunc("GET /debug/pprof/cmdline", nearby(pprof.Cmdline))
	m.HandleFunc("GET /debug/pprof/profile", nearby(pprof.Profile))
	m.HandleFunc("GET /debug/pprof/symbol", nearby(pprof.Symbol))
	m.HandleFunc("GET /debug/pprof/trace", nearby(pprof.Trace))
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "wirespan %s\n\n/metrics\n/healthz\n/readyz\n/status\n/debug/pprof/\n", versionString())
	})
	return m
}

// nearby serves profiles and the status to this host only: they cost time, and
// show the command line.
func nearby(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !a.Addr().Unmap().IsLoopback() {
			http.Error(w, "this page is served to 127.0.0.1 and ::1 only", http.StatusForbidden)
			return
		}
		h(w, r)
	}
}

// answer makes a page of a check: its reasons, and the status that probes look
// at.
func (s *metricsServer) answer(check func() (ok bool, why []string)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		ok, why := check()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, strings.Join(why, "\n"))
	}
}

// health tells whether the process does what it should: a capture that has
// looked at no packet and no clock for long is stuck.
func (t *telemetry) health() (bool, []string) {
	if why := t.stalled(); why != "" {
		return false, []string{why}
	}
	return true, []string{"ok"}
}

// stalled says for how long a reader has not come by, empty if that is no
// reason to worry. Only live input is read all the time.
func (t *telemetry) stalled() string {
	_, oldest, ended := t.pipe.board.read()
	if ended || !t.opt.live {
		return ""
	}
	if oldest.Before(t.began) {
		oldest = t.began
	}
	if d := time.Since(oldest); d > stallTime {
		return fmt.Sprintf("stuck: no packet and no clock was looked at for %s", d.Round(time.Second))
	}
	return ""
}

// ready tells whether packets are being analysed, and what is wrong otherwise
// or beside that.
func (t *telemetry) ready() (bool, []string) {
	s, oldest, ended := t.pipe.board.read()
	t.complete(s)
	switch {
	case ended:
		return false, []string{"ended"}
	case oldest.IsZero():
		return false, []string{"starting"}
	}
	if why := t.stalled(); why != "" {
		return false, []string{why}
	}
	why := []string{fmt.Sprintf("capturing: %d packets, %d spans", s.source.Packets, s.written.spans)}
	if t.sampler != nil && t.sampler.level() > 0 {
		why = append(why, fmt.Sprintf("sampling: 1 of %d connections (over budget)", 1<<t.sampler.level()))
	}
	if n := t.shedding.given(); n > 0 {
		why = append(why, "given up (over budget): "+t.shedding.names(n))
	}
	if n := s.source.Drops; n > 0 {
		why = append(why, fmt.Sprintf("dropped by the kernel: %d packets", n))
	}
	for i, e := range s.exports {
		if e.LastError != nil && e.Parcels > 0 {
			why = append(why, fmt.Sprintf("exporter %s: %v", t.parts.outs.exporterName(t.opt, i), e.LastError))
		}
	}
	return true, why
}
