package metric

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/wirespan/wirespan/tracer/sink"
)

const exportMethod = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"

// grpcSender delivers by OTLP/gRPC.
type grpcSender struct {
	conn    *grpc.ClientConn
	to      Endpoint
	header  metadata.MD
	timeout time.Duration
	secrets secrets
}

func newGRPCSender(c *PushConfig) (*grpcSender, error) {
	headers := requestHeaders(c)
	s := &grpcSender{to: c.Endpoint, header: metadata.New(headers), timeout: c.Timeout, secrets: newSecrets(headers)}
	security := insecure.NewCredentials()
	if c.Endpoint.tls {
		t := c.TLS.Clone()
		if t == nil {
			t = &tls.Config{}
		}
		security = credentials.NewTLS(t)
	}
	call := []grpc.CallOption{grpc.MaxCallRecvMsgSize(maxAnswer)}
	if c.Gzip {
		call = append(call, grpc.UseCompressor(gzip.Name))
	}
	conn, err := grpc.NewClient("dns:///"+c.Endpoint.address,
		grpc.WithTransportCredentials(security), grpc.WithUserAgent(userAgent(c)),
		grpc.WithDefaultCallOptions(call...), grpc.WithDisableServiceConfig(), grpc.WithDisableRetry())
	if err != nil {
		return nil, fmt.Errorf("export to %s: %w", s.to, err)
	}
	s.conn = conn
	return s, nil
}

// Send calls Export once. The message is encoded already: as the unknown
// fields of an empty one it goes out, and the answer comes in, byte for byte.
func (s *grpcSender) Send(ctx context.Context, p *sink.Parcel) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var req, answer emptypb.Empty
	req.ProtoReflect().SetUnknown(p.Bytes)
	err := s.conn.Invoke(metadata.NewOutgoingContext(ctx, s.header), exportMethod, &req, &answer)
	if err == nil {
		return s.secrets.partial(answer.ProtoReflect().GetUnknown())
	}
	return s.judge(status.Convert(err))
}

// judge turns a status into an error (OTLP specification, "OTLP/gRPC Response").
func (s *grpcSender) judge(st *status.Status) error {
	err := fmt.Errorf("export to %s: gRPC %s: %s", s.to, st.Code(), s.secrets.say(st.Message()))
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
	}
	return err
}

// Close ends the connection and its goroutines.
func (s *grpcSender) Close() error { return s.conn.Close() }
