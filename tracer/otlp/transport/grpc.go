package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/sink"
)

// grpcSender delivers parcels by OTLP/gRPC.
type grpcSender struct {
	conn    *grpc.ClientConn
	to      Endpoint
	method  string
	header  metadata.MD
	timeout time.Duration
	secrets redact.Secrets
}

func newGRPCSender(c Config) (*grpcSender, error) {
	headers := c.headers()
	s := &grpcSender{to: c.Endpoint, method: c.Signal.method, header: metadata.New(headers), timeout: c.Timeout, secrets: redact.NewSecrets(slices.Collect(maps.Values(headers))...)}
	security := insecure.NewCredentials()
	if c.Endpoint.TLS {
		t := c.TLS.Clone()
		if t == nil {
			t = &tls.Config{}
		}
		security = credentials.NewTLS(t)
	}
	wait := backoff.DefaultConfig
	wait.MaxDelay = c.MaxBackoff
	call := []grpc.CallOption{grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(maxAnswer)}
	if c.Gzip {
		call = append(call, grpc.UseCompressor(gzip.Name))
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(security),
		grpc.WithUserAgent(userAgent(c.Version)),
		grpc.WithDefaultCallOptions(call...),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: wait, MinConnectTimeout: c.Timeout}),
	}
	if c.Proxy == nil {
		opts = append(opts, grpc.WithNoProxy())
	}
	conn, err := grpc.NewClient("dns:///"+c.Endpoint.Address, opts...)
	if err != nil {
		return nil, fmt.Errorf("export to %s: %w", s.to, err)
	}
	s.conn = conn
	return s, nil
}

// Send calls Export once.
func (s *grpcSender) Send(ctx context.Context, p *sink.Parcel) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req := &rawRequest{b: p.Bytes}
	var answer []byte
	err := s.conn.Invoke(metadata.NewOutgoingContext(ctx, s.header), s.method, req, &answer)
	if !req.free.Load() {
		p.Lent = true
	}
	if err == nil {
		return partial(s.secrets, answer)
	}
	return s.judge(status.Convert(err))
}

// judge turns a status into an error (OTLP specification, "OTLP/gRPC Response").
func (s *grpcSender) judge(st *status.Status) error {
	err := fmt.Errorf("export to %s: gRPC %s: %s", s.to, st.Code(), s.secrets.Words(st.Message(), maxMessage))
	var after time.Duration
	said := false
	for _, d := range st.Proto().GetDetails() {
		if strings.HasSuffix(d.GetTypeUrl(), "/google.rpc.RetryInfo") {
			after, said = retryDelay(d.GetValue()), true
		}
	}
	switch st.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return &sink.RetryError{After: after, Err: err}
	case codes.ResourceExhausted:
		if said {
			return &sink.RetryError{After: after, Err: err}
		}
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return &sink.DeniedError{Err: err}
	}
	return err
}

// Close ends the connection and its goroutines.
func (s *grpcSender) Close() error { return s.conn.Close() }

// rawRequest is an encoded message on its way; it is told when the transport
// no longer needs the bytes.
type rawRequest struct {
	b    []byte
	free atomic.Bool
}

// Get is not used: the request gives its own bytes only.
func (r *rawRequest) Get(n int) *[]byte { b := make([]byte, n); return &b }

// Put hears that the last reference to the bytes is gone.
func (r *rawRequest) Put(*[]byte) { r.free.Store(true) }

// rawCodec sends bytes that are encoded already and returns bytes.
type rawCodec struct{}

// Marshal takes a *rawRequest.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	r, ok := v.(*rawRequest)
	if !ok {
		return nil, fmt.Errorf("marshal %T: only encoded requests are sent", v)
	}
	return mem.BufferSlice{mem.NewBuffer(&r.b, r)}, nil
}

// Unmarshal fills a *[]byte.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("unmarshal into %T: only bytes are received", v)
	}
	*b = data.Materialize()
	return nil
}

// Name is that of protobuf, which the bytes are.
func (rawCodec) Name() string { return "proto" }
