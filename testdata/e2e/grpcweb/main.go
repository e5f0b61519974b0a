// Command grpcweb is the server and the client of testdata/make/grpcweb.sh:
// Improbable's gateway serves gRPC-Web, binary and in base64, over HTTP/2 in the
// clear; Connect's client asks in binary, what is in base64 comes from curl.
//
//	grpcweb serve ADDRESS
//	grpcweb client ADDRESS
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"connectrpc.com/connect"
	"github.com/improbable-eng/grpc-web/go/grpcweb"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const service = "shop.Cart"

// text is the message of all calls.
type text = wrapperspb.StringValue

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: grpcweb serve|client ADDRESS")
	}
	if os.Args[1] == "serve" {
		serve(os.Args[2])
	}
	call("http://" + os.Args[2])
}

func serve(address string) {
	s := grpc.NewServer()
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: service, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "AddItem", Handler: addItem}},
		Streams: []grpc.StreamDesc{{StreamName: "Watch", ServerStreams: true, Handler: watch}},
	}, struct{}{})
	w := grpcweb.WrapServer(s, grpcweb.WithOriginFunc(func(string) bool { return true }))
	log.Fatal(http.ListenAndServe(address, h2c.NewHandler(w, &http2.Server{})))
}

func addItem(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var in text
	if err := decode(&in); err != nil {
		return nil, err
	}
	if in.Value == "nothing" {
		return nil, status.Error(codes.NotFound, "no such item: 17 €")
	}
	return &text{Value: "added " + in.Value}, nil
}

func watch(_ any, s grpc.ServerStream) error {
	var in text
	if err := s.RecvMsg(&in); err != nil {
		return err
	}
	for i := range 4 {
		if err := s.SendMsg(&text{Value: fmt.Sprint(in.Value, " ", i)}); err != nil {
			return err
		}
	}
	return status.Error(codes.ResourceExhausted, "that was all")
}

func call(url string) {
	h := &http.Client{Transport: &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}}
	add := connect.NewClient[text, text](h, url+"/"+service+"/AddItem", connect.WithGRPCWeb())
	for _, v := range []string{"nut", "nothing"} {
		r := connect.NewRequest(&text{Value: v})
		r.Header().Set("X-Request-Id", "6f1c2a9e-web")
		_, err := add.CallUnary(context.Background(), r)
		fmt.Fprintln(os.Stderr, v, err)
	}
	s, err := connect.NewClient[text, text](h, url+"/"+service+"/Watch", connect.WithGRPCWeb()).CallServerStream(context.Background(), connect.NewRequest(&text{Value: "shelf"}))
	if err != nil {
		log.Fatal(err)
	}
	n := 0
	for s.Receive() {
		n++
	}
	fmt.Fprintln(os.Stderr, n, s.Err())
}
