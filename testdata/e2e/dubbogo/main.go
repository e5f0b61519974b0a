// Command dubbogo is the server and the client of testdata/make/dubbogo.sh:
// Apache's Dubbo for Go with its two protocols, Dubbo 2 in Hessian and Triple.
//
//	dubbogo serve HOST dubbo|tri  on port 20880 or 50051
//	dubbogo client HOST dubbo|tri
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"dubbo.apache.org/dubbo-go/v3/client"
	_ "dubbo.apache.org/dubbo-go/v3/cluster/cluster/failover"
	_ "dubbo.apache.org/dubbo-go/v3/cluster/loadbalance/random"
	"dubbo.apache.org/dubbo-go/v3/common/constant"
	_ "dubbo.apache.org/dubbo-go/v3/filter/accesslog"
	_ "dubbo.apache.org/dubbo-go/v3/filter/active"
	_ "dubbo.apache.org/dubbo-go/v3/filter/adaptivesvc"
	_ "dubbo.apache.org/dubbo-go/v3/filter/auth"
	_ "dubbo.apache.org/dubbo-go/v3/filter/echo"
	_ "dubbo.apache.org/dubbo-go/v3/filter/exec_limit"
	_ "dubbo.apache.org/dubbo-go/v3/filter/generic"
	_ "dubbo.apache.org/dubbo-go/v3/filter/graceful_shutdown"
	_ "dubbo.apache.org/dubbo-go/v3/filter/token"
	_ "dubbo.apache.org/dubbo-go/v3/filter/tps"
	_ "dubbo.apache.org/dubbo-go/v3/filter/tps/limiter"
	_ "dubbo.apache.org/dubbo-go/v3/filter/tps/strategy"
	"dubbo.apache.org/dubbo-go/v3/protocol"
	_ "dubbo.apache.org/dubbo-go/v3/protocol/dubbo"
	_ "dubbo.apache.org/dubbo-go/v3/protocol/triple"
	_ "dubbo.apache.org/dubbo-go/v3/proxy/proxy_factory"
	_ "dubbo.apache.org/dubbo-go/v3/registry/protocol"
	"dubbo.apache.org/dubbo-go/v3/server"
)

const service = "com.example.shop.Greeter"

// Greeter is what is served.
type Greeter struct{}

func (*Greeter) Reference() string { return service }

func (*Greeter) Greet(_ context.Context, name string) (string, error) { return "hello " + name, nil }

func (*Greeter) Sum(_ context.Context, a, b int32) (int32, error) { return a + b, nil }

func (*Greeter) Fail(context.Context, string) (string, error) { return "", errors.New("no such order") }

func (*Greeter) Slow(_ context.Context, name string) (string, error) {
	time.Sleep(1500 * time.Millisecond)
	return name, nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "serve":
		return serve(args[1], args[2])
	case len(args) == 3 && args[0] == "client":
		return call(args[1], args[2])
	}
	return errors.New("usage: dubbogo serve|client HOST dubbo|tri")
}

func serve(host, proto string) error {
	p := []protocol.ServerOption{protocol.WithDubbo(), protocol.WithPort(20880)}
	if proto == "tri" {
		p = []protocol.ServerOption{protocol.WithTriple(), protocol.WithPort(50051)}
	}
	s, err := server.NewServer(server.WithServerProtocol(p...))
	if err != nil {
		return err
	}
	if err := s.RegisterService(&Greeter{}, server.WithInterface(service)); err != nil {
		return err
	}
	return s.Serve()
}

func call(host, proto string) error {
	url, o := "dubbo://"+host+":20880", client.WithProtocolDubbo()
	if proto == "tri" {
		url, o = "tri://"+host+":50051", client.WithProtocolTriple()
	}
	c, err := client.NewClient(client.WithClientURL(url), client.WithClientRequestTimeout(time.Second))
	if err != nil {
		return err
	}
	conn, err := c.DialWithService(service, &Greeter{}, o, client.WithSerialization(constant.Hessian2Serialization), client.WithRetries(0), client.WithIDL(constant.NONIDL))
	if err != nil {
		return err
	}
	ctx := context.WithValue(context.Background(), constant.AttachmentKey, map[string]any{
		"x-request-id": "6f1c2a9e-dubbo", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	})
	var text string
	var sum int32
	told("Greet", conn.CallUnary(ctx, []any{"alice"}, &text, "Greet"))
	told("Sum", conn.CallUnary(ctx, []any{int32(40), int32(2)}, &sum, "Sum"))
	told("Fail", conn.CallUnary(ctx, []any{"alice"}, &text, "Fail"))
	told("Slow", conn.CallUnary(ctx, []any{"alice"}, &text, "Slow"))
	time.Sleep(700 * time.Millisecond)
	told("Missing", conn.CallUnary(ctx, []any{"alice"}, &text, "Missing"))
	told("Greet", conn.CallUnary(ctx, []any{"bob"}, &text, "Greet"))
	fmt.Println(text, sum)
	return nil
}

// told prints what became of a step, to compare with.
func told(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what+":", err)
	}
}
