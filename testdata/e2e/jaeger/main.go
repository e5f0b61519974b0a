// Command jaeger is Jaeger's query service, JSON of its UI and API v3, on its store in
// memory: tests of tracer/apm and of serve ask it. It takes OTLP (protobuf) at
// /v1/traces, as Jaeger's receiver does; prints the URL at which it listens, and ends when
// standard input does.
package main

import (
	"compress/gzip"
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
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/zap"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	store := memory.NewStore()
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
	router.HandleFunc("/v1/traces", func(w http.ResponseWriter, r *http.Request) {
		if err := fill(store, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}).Methods(http.MethodPost)
	fmt.Printf("http://%s\n", l.Addr())
	go func() { log.Fatal(http.Serve(l, router)) }()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// fill puts the spans of a request into the store as Jaeger's own OTLP receiver does.
func fill(store *memory.Store, r *http.Request) error {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = z
	}
	message, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalProto(message); err != nil {
		return err
	}
	batches, err := model2otel.ProtoFromTraces(request.Traces())
	if err != nil {
		return err
	}
	for _, b := range batches {
		for _, s := range b.Spans {
			if s.Process == nil {
				s.Process = b.Process
			}
			if err := store.WriteSpan(r.Context(), s); err != nil {
				return err
			}
		}
	}
	return nil
}
