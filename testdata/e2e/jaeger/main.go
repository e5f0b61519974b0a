// Command jaeger is Jaeger's query service, JSON of its UI and API v3, on a store in
// memory: tests of tracer/apm ask it. It takes OTLP (protobuf, TracesData) from standard
// input, prints the URL at which it listens, and ends when standard input does.
//
//	length of the message, 8 bytes, big endian | message
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/jaegertracing/jaeger/cmd/query/app"
	"github.com/jaegertracing/jaeger/cmd/query/app/apiv3"
	"github.com/jaegertracing/jaeger/cmd/query/app/querysvc"
	"github.com/jaegertracing/jaeger/pkg/jtracer"
	"github.com/jaegertracing/jaeger/pkg/tenancy"
	"github.com/jaegertracing/jaeger/plugin/storage/memory"
	model2otel "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/jaeger"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	store := memory.NewStore()
	if err := fill(store); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	service := querysvc.NewQueryService(store, store, querysvc.QueryServiceOptions{})
	tenants := tenancy.NewManager(&tenancy.Options{})
	router := app.NewRouter()
	app.NewAPIHandler(service, tenants).RegisterRoutes(router)
	v3 := &apiv3.HTTPGateway{QueryService: service, TenancyMgr: tenants, Logger: zap.NewNop(), Tracer: jtracer.NoOp()}
	v3.RegisterRoutes(router)
	fmt.Printf("http://%s\n", l.Addr())
	go func() { log.Fatal(http.Serve(l, router)) }()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// fill puts the message into the store as Jaeger's own OTLP receiver does.
func fill(store *memory.Store) error {
	var n uint64
	if err := binary.Read(os.Stdin, binary.BigEndian, &n); err != nil {
		return err
	}
	message := make([]byte, n)
	if _, err := io.ReadFull(os.Stdin, message); err != nil {
		return err
	}
	traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(message)
	if err != nil {
		return err
	}
	batches, err := model2otel.ProtoFromTraces(traces)
	if err != nil {
		return err
	}
	for _, b := range batches {
		for _, s := range b.Spans {
			if s.Process == nil {
				s.Process = b.Process
			}
			if err := store.WriteSpan(context.Background(), s); err != nil {
				return err
			}
		}
	}
	return nil
}
