//go:build ignore

// Calls is both ends of gRPC: "calls serve ADDRESS" answers with bytes as they
// came, "calls call ADDRESS" makes one call of each kind, one after the other;
// with -warm it makes them once before it says "ready" and waits for a line.
// "calls web ADDRESS" serves pages over HTTP/1 that may be upgraded to HTTP/2.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "proto" }

// handle answers a call of any kind as its method says.
func handle(_ any, s grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(s)
	_ = s.SetHeader(metadata.Pairs("x-request-id", "srv-5d214b777f3a9c0e"))
	var in []byte
	n := 0
	for {
		err := s.RecvMsg(&in)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		n++
		switch {
		case strings.HasSuffix(method, "/Chat"):
			if err := s.SendMsg(&in); err != nil {
				return err
			}
		case strings.HasSuffix(method, "/Missing"):
			return status.Error(codes.NotFound, "no such item: 17 € ü")
		case strings.HasSuffix(method, "/Early"):
			return status.Error(codes.ResourceExhausted, "enough")
		case strings.HasSuffix(method, "/Slow"):
			time.Sleep(300 * time.Millisecond)
		}
	}
	switch {
	case strings.HasSuffix(method, "/Watch"):
		for i := range 5 {
			b := []byte(strings.Repeat("w", 1000*i))
			if err := s.SendMsg(&b); err != nil {
				return err
			}
			time.Sleep(5 * time.Millisecond)
		}
	case strings.HasSuffix(method, "/Fails"):
		b := []byte("part")
		_ = s.SendMsg(&b)
		return status.Error(codes.Internal, "disk")
	case !strings.HasSuffix(method, "/Chat"):
		b := []byte(fmt.Sprint(n, " messages"))
		return s.SendMsg(&b)
	}
	return nil
}

func serve(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(func(srv any, s grpc.ServerStream) error {
		if m, _ := grpc.MethodFromServerStream(s); strings.HasSuffix(m, "/Unknown") {
			return status.Error(codes.Unimplemented, "unknown method Unknown")
		}
		return handle(srv, s)
	})).Serve(l))
}

const service = "/wirespan.test.Shop/"

func all(conn *grpc.ClientConn) {
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-request-id", "cli-7f3a9c0e5d214b77",
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "grpc-trace-bin", "\x00\x00\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36\x01\x00\xf0\x67\xaa\x0b\xa9\x02\xb7\x02\x01")
	out := []byte("hello")
	for _, m := range []string{"Get", "Missing", "Fails", "Unknown"} {
		c, cancel := context.WithTimeout(ctx, 5*time.Second)
		var in []byte
		err := conn.Invoke(c, service+m, &out, &in)
		log.Print(m, ": ", string(in), " ", err)
		cancel()
	}
	var in []byte
	log.Print(conn.Invoke(ctx, service+"Zipped", &out, &in, grpc.UseCompressor("gzip")))
	c, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	log.Print(conn.Invoke(c, service+"Slow", &out, &in))
	cancel()
	time.Sleep(400 * time.Millisecond)
	stream(ctx, conn, "Upload", 4, 0)
	stream(ctx, conn, "Watch", 1, 0)
	stream(ctx, conn, "Chat", 3, 0)
	stream(ctx, conn, "Early", 3, 0)
	stream(ctx, conn, "Watch", 1, 2) // cancelled
}

// stream sends messages, then receives, in turn in Chat; it gives up after some.
func stream(ctx context.Context, conn *grpc.ClientConn, method string, send, stop int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{StreamName: method, ClientStreams: true, ServerStreams: true}, service+method)
	if err != nil {
		log.Fatal(err)
	}
	var in []byte
	for i := range send {
		out := []byte(strings.Repeat("m", 100*i+1))
		if err := s.SendMsg(&out); err != nil {
			break
		}
		if method == "Chat" {
			_ = s.RecvMsg(&in)
		}
		time.Sleep(3 * time.Millisecond)
	}
	_ = s.CloseSend()
	n := 0
	for err = nil; err == nil; n++ {
		if stop > 0 && n == stop {
			cancel()
			time.Sleep(50 * time.Millisecond)
			break
		}
		err = s.RecvMsg(&in)
	}
	log.Print(method, ": ", n, " ", err)
}

func main() {
	warm := flag.Bool("warm", false, "make the calls once before")
	flag.Parse()
	encoding.RegisterCodec(raw{})
	switch flag.Arg(0) {
	case "serve":
		serve(flag.Arg(1))
	case "web":
		page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "page", r.URL.Path) })
		log.Fatal(http.ListenAndServe(flag.Arg(1), h2c.NewHandler(page, &http2.Server{})))
	}
	conn, err := grpc.NewClient("passthrough:///"+flag.Arg(1), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	if err != nil {
		log.Fatal(err)
	}
	if *warm {
		all(conn)
		fmt.Println("ready")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	}
	all(conn)
	_ = conn.Close()
}
