package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	access "github.com/wirespan/wirespan/tracer/gate"
)

// Bounds of connections.
const (
	headTime     = 10 * time.Second // for the head of a request, and a TLS handshake
	idleTime     = 2 * time.Minute
	maxConns     = 10_000 // of one address; further ones wait to be accepted
	headBytes    = 16 << 10
	pingInterval = 10 * time.Second // clients may ask so often whether we are there
)

// door is an address that is listened on.
type door struct {
	flag string
	l    net.Listener
	tls  *tls.Config
	http *http.Server
	grpc *grpc.Server
	done chan struct{}
}

// openDoor listens on an address. Servers complete their configuration of TLS, so each
// has one of its own.
func openDoor(flag, addr string, t *tls.Config) (*door, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s %s: the port is taken; another wirespan or collector may run (ss -ltnp), or choose another with %s", flag, addr, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
	}
	return &door{flag: flag, l: newBoundedListener(l, maxConns), tls: t.Clone(), done: make(chan struct{})}, nil
}

// String is where it listens, as a URL.
func (d *door) String() string {
	scheme := "http"
	if d.flag == "--otlp-grpc" {
		scheme = "grpc"
	}
	if d.tls != nil {
		scheme += "s"
	}
	return scheme + "://" + d.l.Addr().String()
}

// open begins to answer.
func (h *house) open(d *door) {
	var serve func() error
	if d.flag == "--otlp-grpc" {
		d.grpc = h.newGRPC(d.tls)
		serve = func() error { return d.grpc.Serve(d.l) }
	} else {
		routes := h.uiRoutes()
		if d.flag == "--otlp-http" {
			routes = h.receiverRoutes()
		}
		d.http = &http.Server{
			Handler: h.behindGate(routes), ReadHeaderTimeout: headTime, IdleTimeout: idleTime, MaxHeaderBytes: headBytes,
			// Streams have neither, by the gate and the API.
			ReadTimeout: h.flags.limits.Timeout + headTime, WriteTimeout: h.flags.limits.Timeout + headTime,
			TLSConfig: d.tls, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
		}
		serve = func() error {
			if d.tls != nil {
				return d.http.ServeTLS(d.l, "", "")
			}
			return d.http.Serve(d.l)
		}
	}
	go func() {
		defer close(d.done)
		if err := serve(); err != nil && !errors.Is(err, http.ErrServerClosed) && h.state.Load() != houseDraining {
			h.failures <- fmt.Errorf("%s: %w", d.flag, err)
		}
	}()
}

// newGRPC makes the server of --otlp-grpc.
func (h *house) newGRPC(t *tls.Config) *grpc.Server {
	opts := []grpc.ServerOption{
		grpc.UnaryInterceptor(h.gate.Unary(access.Ingest)), grpc.StreamInterceptor(h.gate.Stream(access.Ingest)),
		grpc.ConnectionTimeout(headTime), grpc.MaxHeaderListSize(headBytes),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingInterval, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: idleTime, Timeout: headTime}),
	}
	if t != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(t)))
	}
	s := grpc.NewServer(append(opts, h.receiver.ServerOptions(h.gate.Tap(access.Ingest))...)...)
	h.receiver.Register(s)
	return s
}

// shut ends the doors: at once what listens, then, until ctx ends, requests.
func (h *house) shut(ctx context.Context) error {
	var errs []error
	ended := make(chan error, len(h.doors))
	n := 0
	for _, d := range h.doors {
		if d.http == nil && d.grpc == nil {
			_ = d.l.Close()
			continue
		}
		n++
		go func() { ended <- d.end(ctx) }()
	}
	for range n {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

func (d *door) end(ctx context.Context) error {
	var err error
	if d.http != nil {
		if err = d.http.Shutdown(ctx); err != nil {
			_ = d.http.Close()
		}
	} else {
		stop := context.AfterFunc(ctx, d.grpc.Stop)
		d.grpc.GracefulStop()
		if !stop() {
			err = ctx.Err()
		}
	}
	<-d.done
	if err != nil {
		return fmt.Errorf("%s: requests were cut off: %w", d.flag, err)
	}
	return nil
}

// closeDoors gives up addresses that nobody was let in by yet.
func (h *house) closeDoors() {
	for _, d := range h.doors {
		_ = d.l.Close()
	}
}

// where lists what is listened on.
func (h *house) where() string {
	var list []string
	for _, d := range h.doors {
		list = append(list, strings.TrimPrefix(d.flag, "--")+" "+d.String())
	}
	return strings.Join(list, ", ")
}
