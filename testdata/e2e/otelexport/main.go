// Command otelexport makes a trace with the OpenTelemetry SDK and exports it, as the
// standard variables say (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL:
// grpc or http/protobuf, OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_SERVICE_NAME). It prints
// trace id and span ids, parents first, and fails if the exporter says so.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	var failed error
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failed = errors.Join(failed, err) }))
	exporter, err := newExporter(ctx)
	if err != nil {
		return err
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
	t := provider.Tracer("shop", trace.WithInstrumentationVersion("1.2"))
	ctx, server := t.Start(ctx, "GET /cart", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", "GET"), attribute.Int("http.response.status_code", 500), attribute.StringSlice("tags", []string{"a", "b"}),
		attribute.Float64("ratio", 0.5), attribute.Bool("cached", true)))
	_, client := t.Start(ctx, "SELECT", trace.WithSpanKind(trace.SpanKindClient), trace.WithLinks(trace.LinkFromContext(ctx)))
	client.RecordError(errors.New("gone"), trace.WithTimestamp(time.Now()))
	client.SetStatus(codes.Error, "gone")
	client.End()
	server.End()
	fmt.Println(server.SpanContext().TraceID(), server.SpanContext().SpanID(), client.SpanContext().SpanID())
	return errors.Join(provider.Shutdown(ctx), failed)
}

func newExporter(ctx context.Context) (sdk.SpanExporter, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}
