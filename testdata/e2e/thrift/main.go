// The peer of testdata/make/thrift.sh: an Apache Thrift server and client that
// talk in every mode. The processor is written by hand against the library, so
// that no compiler of interface files is needed.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
)

// processor answers add, fail (a declared exception), and note (one way).
type processor struct{}

func (processor) ProcessorMap() map[string]thrift.TProcessorFunction  { return nil }
func (processor) AddToProcessorMap(string, thrift.TProcessorFunction) {}
func (processor) Process(ctx context.Context, in, out thrift.TProtocol) (bool, thrift.TException) {
	name, kind, seq, err := in.ReadMessageBegin(ctx)
	if err != nil {
		return false, thrift.WrapTException(err)
	}
	if err := in.Skip(ctx, thrift.STRUCT); err != nil {
		return false, thrift.WrapTException(err)
	}
	in.ReadMessageEnd(ctx)
	if kind == thrift.ONEWAY {
		return true, nil
	}
	switch name {
	case "add", "Calculator:add":
		out.WriteMessageBegin(ctx, name, thrift.REPLY, seq)
		out.WriteStructBegin(ctx, "result")
		out.WriteFieldBegin(ctx, "success", thrift.I32, 0)
		out.WriteI32(ctx, 3)
		out.WriteFieldStop(ctx)
	case "fail":
		out.WriteMessageBegin(ctx, name, thrift.REPLY, seq)
		out.WriteStructBegin(ctx, "result")
		out.WriteFieldBegin(ctx, "invalid", thrift.STRUCT, 1)
		out.WriteStructBegin(ctx, "InvalidOperation")
		out.WriteFieldBegin(ctx, "why", thrift.STRING, 1)
		out.WriteString(ctx, "because")
		out.WriteFieldStop(ctx)
		out.WriteFieldStop(ctx)
	default:
		out.WriteMessageBegin(ctx, name, thrift.EXCEPTION, seq)
		thrift.NewTApplicationException(thrift.UNKNOWN_METHOD, "unknown method "+name).Write(ctx, out)
	}
	out.WriteMessageEnd(ctx)
	return true, thrift.WrapTException(out.Flush(ctx))
}

func call(ctx context.Context, p thrift.TProtocol, name string, kind thrift.TMessageType, seq int32, text string) {
	check(p.WriteMessageBegin(ctx, name, kind, seq))
	p.WriteStructBegin(ctx, "args")
	p.WriteFieldBegin(ctx, "numbers", thrift.MAP, 1)
	p.WriteMapBegin(ctx, thrift.STRING, thrift.I32, 2)
	p.WriteString(ctx, "a")
	p.WriteI32(ctx, 1)
	p.WriteString(ctx, "b")
	p.WriteI32(ctx, 2)
	p.WriteFieldBegin(ctx, "text", thrift.STRING, 2)
	p.WriteString(ctx, text)
	p.WriteFieldBegin(ctx, "flag", thrift.BOOL, 3)
	p.WriteBool(ctx, true)
	p.WriteFieldStop(ctx)
	p.WriteMessageEnd(ctx)
	check(p.Flush(ctx))
	if kind == thrift.ONEWAY {
		return
	}
	_, got, _, err := p.ReadMessageBegin(ctx)
	check(err)
	check(p.Skip(ctx, thrift.STRUCT))
	p.ReadMessageEnd(ctx)
	fmt.Fprintln(os.Stderr, name, got)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	addr, mode := os.Args[1], os.Args[2]
	cfg := &thrift.TConfiguration{}
	var tf thrift.TTransportFactory = thrift.NewTBufferedTransportFactory(4096)
	var pf thrift.TProtocolFactory = thrift.NewTBinaryProtocolFactoryConf(cfg)
	switch mode {
	case "framed":
		tf = thrift.NewTFramedTransportFactoryConf(tf, cfg)
	case "compact":
		pf = thrift.NewTCompactProtocolFactoryConf(cfg)
	case "framed-compact":
		tf, pf = thrift.NewTFramedTransportFactoryConf(tf, cfg), thrift.NewTCompactProtocolFactoryConf(cfg)
	case "header":
		tf, pf = thrift.NewTHeaderTransportFactoryConf(nil, cfg), thrift.NewTHeaderProtocolFactoryConf(cfg)
	}
	ln, err := thrift.NewTServerSocket(addr)
	check(err)
	server := thrift.NewTSimpleServer4(processor{}, ln, tf, pf)
	go server.Serve()
	time.Sleep(200 * time.Millisecond)
	conn, err := net.Dial("tcp", addr)
	check(err)
	trans, err := tf.GetTransport(thrift.NewTSocketFromConnConf(conn, cfg))
	check(err)
	p := pf.GetProtocol(trans)
	ctx := context.Background()
	if mode == "header" {
		ctx = thrift.SetHeader(ctx, "x-request-id", "7f3a9c0e5d214b77")
		ctx = thrift.SetWriteHeaderList(ctx, []string{"x-request-id"})
		for _, h := range []string{"x-request-id"} {
			p.(*thrift.THeaderProtocol).SetWriteHeader(h, "7f3a9c0e5d214b77")
		}
	}
	call(ctx, p, "add", thrift.CALL, 1, "secret")
	call(ctx, p, "Calculator:add", thrift.CALL, 2, string(make([]byte, 5000)))
	call(ctx, p, "note", thrift.ONEWAY, 3, "one way")
	call(ctx, p, "fail", thrift.CALL, 4, "x")
	call(ctx, p, "nosuch", thrift.CALL, 5, "x")
	trans.Close()
	time.Sleep(100 * time.Millisecond)
}
