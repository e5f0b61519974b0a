package ingest

import (
	"context"
	"errors"
	"io"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // so that requests may be packed
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	"github.com/wirespan/wirespan/tracer/ingest/skywalking"
)

// Names of services.
const (
	serviceOTLP       = "opentelemetry.proto.collector.trace.v1.TraceService"
	serviceSegments   = "skywalking.v3.TraceSegmentReportService"
	serviceManagement = "skywalking.v3.ManagementService"
)

// waiting is how many unary requests there may be for each place: grpc reads a message
// before a handler can ask for a place, so those that wait cost memory.
const waiting = 4

// maxStreams is the number of streams of one connection.
const maxStreams = 256

// ServerOptions are what the gRPC server must be made with. Other services may be
// registered with it, too. before are asked about a call before its message is read,
// since a server has room for one such handle only.
func (r *Receiver) ServerOptions(before ...tap.ServerInHandle) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(r.c.MaxBody),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.InTapHandle(inTurn(append(before, r.admit))),
		// The other way to take an encoding is a registry of the process.
		grpc.RPCDecompressor(unzstd{&r.unpackers, r.c.MaxBody}), //nolint:staticcheck // deprecated, but supported throughout 1.x
	}
}

// inTurn asks one after the other, until one refuses.
func inTurn(list []tap.ServerInHandle) tap.ServerInHandle {
	return func(ctx context.Context, info *tap.Info) (context.Context, error) {
		for _, f := range list {
			var err error
			if ctx, err = f(ctx, info); err != nil {
				return nil, err
			}
		}
		return ctx, nil
	}
}

// Register registers the services of OTLP and SkyWalking.
func (r *Receiver) Register(s grpc.ServiceRegistrar) {
	service := func(name string, methods []grpc.MethodDesc, streams ...grpc.StreamDesc) {
		s.RegisterService(&grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil), Methods: methods, Streams: streams}, r)
	}
	service(serviceOTLP, []grpc.MethodDesc{{MethodName: "Export", Handler: r.unary(r.export)}})
	for name, signal := range map[string]string{"metrics.v1.MetricsService": "metrics", "logs.v1.LogsService": "logs"} {
		service("opentelemetry.proto.collector."+name, []grpc.MethodDesc{{MethodName: "Export", Handler: r.unary(func(context.Context, string) (*reply, error) {
			return nil, status.Error(codes.Unimplemented, tracesOnly(signal))
		})}})
	}
	service(serviceSegments, []grpc.MethodDesc{{MethodName: "collectInSync", Handler: r.unary(r.collection)}},
		grpc.StreamDesc{StreamName: "collect", Handler: r.collect, ClientStreams: true})
	service(serviceManagement, []grpc.MethodDesc{
		{MethodName: "reportInstanceProperties", Handler: r.unary(r.properties)},
		{MethodName: "keepAlive", Handler: r.unary(nothing)},
	})
	for name, method := range ignored {
		if method.stream {
			service(name, nil, grpc.StreamDesc{StreamName: method.name, Handler: swallow, ClientStreams: true})
		} else {
			service(name, []grpc.MethodDesc{{MethodName: method.name, Handler: r.unary(nothing)}})
		}
	}
}

// ignored are services that SkyWalking's agents call whatever they are told to send.
// What they say is thrown away, since an agent that is refused complains in the log of
// its program.
var ignored = map[string]struct {
	name   string
	stream bool
}{
	"skywalking.v3.JVMMetricReportService":        {"collect", false},
	"skywalking.v3.CLRMetricReportService":        {"collect", false},
	"skywalking.v3.MeterReportService":            {"collect", true},
	"skywalking.v3.LogReportService":              {"collect", true},
	"skywalking.v3.ConfigurationDiscoveryService": {"fetchConfigurations", false},
	"skywalking.v3.ProfileTask":                   {"getProfileTaskCommands", false},
}

// nothing answers with an empty message: no commands.
func nothing(context.Context, string) (*reply, error) { return &reply{}, nil }

// swallow reads a stream to its end.
func swallow(_ any, s grpc.ServerStream) error {
	for {
		if err := s.RecvMsg(&request{}); errors.Is(err, io.EOF) {
			return s.SendMsg(&reply{})
		} else if err != nil {
			return err
		}
	}
}

// unary makes a handler of a function of the body. Interceptors see the request.
func (r *Receiver) unary(do func(ctx context.Context, body string) (*reply, error)) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, by grpc.UnaryServerInterceptor) (any, error) {
		var m request
		if err := decode(&m); err != nil {
			return nil, err
		}
		handler := func(ctx context.Context, v any) (any, error) {
			answer, err := do(ctx, v.(*request).body)
			if err != nil {
				return nil, err
			}
			return answer, nil
		}
		if by == nil {
			return handler(ctx, &m)
		}
		method, _ := grpc.Method(ctx)
		return by(ctx, &m, &grpc.UnaryServerInfo{Server: r, FullMethod: method}, handler)
	}
}

// admit turns unary requests away, before they are read, when too many wait. It is
// called with a lock of the connection held, so it must not wait itself. Streams are
// not counted: each of their messages waits for its own place.
func (r *Receiver) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	if info.FullMethodName == "/"+serviceSegments+"/collect" || ignored[service(info.FullMethodName)].stream {
		return ctx, nil
	}
	if r.streams.Add(1) > int64(waiting*r.c.MaxConcurrent) {
		r.streams.Add(-1)
		f := OTLPGRPC
		if service(info.FullMethodName) != serviceOTLP {
			f = SkyWalkingGRPC
		}
		r.tallies[f].requests.Add(1)
		return nil, statusOf(r.refuse(f, Busy, errBusy))
	}
	context.AfterFunc(ctx, func() { r.streams.Add(-1) })
	return ctx, nil
}

// service is the name of the service in the name of a method.
func service(method string) string {
	for i := len(method) - 1; i > 0; i-- {
		if method[i] == '/' {
			return method[1:i]
		}
	}
	return ""
}

func (r *Receiver) export(ctx context.Context, body string) (*reply, error) {
	res, err := r.message(ctx, OTLPGRPC, body, otlp.Decode)
	if err != nil {
		return nil, err
	}
	return &reply{res.partial()}, nil
}

func (r *Receiver) collection(ctx context.Context, body string) (*reply, error) {
	_, err := r.message(ctx, SkyWalkingGRPC, body, func(b *batch.Batch, body string) error { return skywalking.DecodeCollection(b, body, r.instances) })
	return &reply{}, err
}

func (r *Receiver) properties(_ context.Context, body string) (*reply, error) {
	if err := r.instances.Report(body); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &reply{}, nil
}

// message takes one message.
func (r *Receiver) message(ctx context.Context, f Format, body string, decode func(*batch.Batch, string) error) (result, error) {
	r.tallies[f].requests.Add(1)
	if ft := r.enter(ctx, f, r.c.Wait); ft != nil {
		return result{}, statusOf(ft)
	}
	defer r.leave()
	res, ft := r.take(ctx, f, len(body), func(b *batch.Batch) error { return decode(b, body) })
	if ft != nil {
		return result{}, statusOf(ft)
	}
	return res, nil
}

// statusOf is the gRPC status of a fault, with RetryInfo if the sender should come
// again.
func statusOf(f *fault) error {
	p := &spb.Status{Code: f.code(), Message: f.Error()}
	if f.after > 0 {
		p.Details = []*anypb.Any{{TypeUrl: "type.googleapis.com/google.rpc.RetryInfo", Value: retryInfo(f.after)}}
	}
	return status.ErrorProto(p)
}
