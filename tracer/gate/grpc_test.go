package gate

import (
	"context"
	"net"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// held is a health service that answers when it is told to.
type held struct {
	*health.Server
	in, out chan bool
	caller  chan Caller
}

func (h *held) Check(ctx context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if r.Service == "hold" {
		h.in <- true
		<-h.out
		return &healthpb.HealthCheckResponse{}, nil
	}
	h.caller <- CallerOf(ctx)
	return &healthpb.HealthCheckResponse{}, nil
}

func (h *held) Watch(_ *healthpb.HealthCheckRequest, s healthpb.Health_WatchServer) error {
	h.caller <- CallerOf(s.Context())
	return nil
}

func dial(t *testing.T, g *Gate) (*held, healthpb.HealthClient) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &held{health.NewServer(), make(chan bool), make(chan bool), make(chan Caller, 10)}
	s := grpc.NewServer(grpc.InTapHandle(g.Tap(Ingest)), grpc.UnaryInterceptor(g.Unary(Ingest)), grpc.StreamInterceptor(g.Stream(Ingest)))
	healthpb.RegisterHealthServer(s, h)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return h, healthpb.NewHealthClient(c)
}

func with(t *testing.T, token string) context.Context {
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
}

func TestGRPC(t *testing.T) {
	h, c := dial(t, guarded(t))
	for token, want := range map[string]codes.Code{
		ingestToken: codes.OK, readToken: codes.PermissionDenied, "nobody-has-this-token": codes.Unauthenticated, "": codes.Unauthenticated,
	} {
		_, err := c.Check(with(t, token), &healthpb.HealthCheckRequest{})
		if status.Code(err) != want {
			t.Errorf("%q: %v", token, err)
		}
		s, err := c.Watch(with(t, token), &healthpb.HealthCheckRequest{})
		if err == nil {
			_, err = s.Recv()
		}
		if got := status.Code(err); got != want && (want != codes.OK || err.Error() != "EOF") {
			t.Errorf("stream with %q: %v", token, err)
		}
	}
	if _, err := c.Check(metadata.AppendToOutgoingContext(t.Context(), "authentication", ingestToken), &healthpb.HealthCheckRequest{}); err != nil {
		t.Errorf("as SkyWalking says it: %v", err)
	}
	for range 3 {
		if who := <-h.caller; who.Name != "agents" || who.Rights != Ingest {
			t.Errorf("caller %+v", who)
		}
	}
	if len(h.caller) != 0 {
		t.Error("a call came through that was refused")
	}
}

// TestGRPCBusy: who is one too many is told when to come again.
func TestGRPCBusy(t *testing.T) {
	h, c := dial(t, newGate(t, func(c *Config) { c.Tokens, c.PerClient = tokens(t), 1 }))
	done := make(chan error)
	go func() {
		_, err := c.Check(with(t, ingestToken), &healthpb.HealthCheckRequest{Service: "hold"})
		done <- err
	}()
	<-h.in
	_, err := c.Check(with(t, ingestToken), &healthpb.HealthCheckRequest{})
	s := status.Convert(err)
	retry := false
	for _, d := range s.Details() {
		_, retry = d.(*errdetails.RetryInfo)
	}
	if s.Code() != codes.ResourceExhausted || !retry {
		t.Errorf("%v, retry %v", err, retry)
	}
	h.out <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := c.Check(with(t, ingestToken), &healthpb.HealthCheckRequest{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
