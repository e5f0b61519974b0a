package gate

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Unary lets unary calls in that have a right. The size of a message is the
// server's to bound (grpc.MaxRecvMsgSize).
func (g *Gate) Unary(right Right) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		ctx, leave, err := g.call(ctx, right)
		if err != nil {
			return nil, err
		}
		defer leave()
		ctx, cancel := context.WithTimeout(ctx, g.cfg.Timeout)
		defer cancel()
		return next(ctx, req)
	}
}

// Stream lets streams in that have a right. They may last: agents of SkyWalking send
// on one for as long as they run.
func (g *Gate) Stream(right Right) grpc.StreamServerInterceptor {
	return func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		ctx, leave, err := g.call(s.Context(), right)
		if err != nil {
			return err
		}
		defer leave()
		return next(srv, &admitted{s, ctx})
	}
}

// admitted is a stream whose context knows the caller.
type admitted struct {
	grpc.ServerStream
	ctx context.Context
}

func (a *admitted) Context() context.Context { return a.ctx }

// Tap refuses calls before their messages are read, so that nobody without a token
// makes the server take one. It comes beside Unary and Stream.
func (g *Gate) Tap(right Right) tap.ServerInHandle {
	return func(ctx context.Context, in *tap.Info) (context.Context, error) {
		if _, o := g.admit(authorization(in.Header), right); o != Allowed {
			g.count(o)
			return nil, refusal(o)
		}
		return ctx, nil
	}
}

// call takes a place for a call.
func (g *Gate) call(ctx context.Context, right Right) (context.Context, func(), error) {
	md, _ := metadata.FromIncomingContext(ctx)
	caller, o := g.admit(authorization(md), right)
	remote := ""
	if p, ok := peer.FromContext(ctx); ok {
		remote = p.Addr.String()
	}
	client := clientOf(&caller, remote)
	if o == Allowed {
		o = g.enter(client)
	}
	if g.count(o) != Allowed {
		return nil, nil, refusal(o)
	}
	return context.WithValue(ctx, callerKey{}, caller), func() { g.leave(client) }, nil
}

// authorization returns the header of a call; agents of SkyWalking have one of their
// own, with nothing but the token.
func authorization(md metadata.MD) string {
	if v := md.Get("authorization"); len(v) > 0 {
		return v[0]
	}
	if v := md.Get("authentication"); len(v) > 0 {
		return "Bearer " + v[0]
	}
	return ""
}

// refusal is what a client is told. Who is to come again is told when (OTLP
// specification, "OTLP/gRPC Throttling").
func refusal(o Outcome) error {
	words := refusals[o].words
	switch o {
	case NoToken, WrongToken:
		return status.Error(codes.Unauthenticated, words)
	case Busy, ClientBusy:
		s, err := status.New(codes.ResourceExhausted, words).WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
		if err == nil {
			return s.Err()
		}
		return status.Error(codes.Unavailable, words)
	}
	return status.Error(codes.PermissionDenied, words)
}
