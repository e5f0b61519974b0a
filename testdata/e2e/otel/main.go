// Command otel is two services with the OpenTelemetry SDK, for tests of wirespan serve:
//
//	otel shop LISTEN REDIS    serves /order/N: asks Redis, a span for that
//	otel web URL PATH...      asks for each path, a span for that
//
// Spans go where the environment says (OTEL_EXPORTER_OTLP_ENDPOINT).
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("usage: otel shop LISTEN REDIS | otel web URL PATH...")
	}
	exp, err := otlptracehttp.New(ctx)
	if err != nil {
		return err
	}
	p := trace.NewTracerProvider(trace.WithBatcher(exp), trace.WithResource(resource.NewSchemaless(attribute.String("service.name", args[0]))))
	otel.SetTracerProvider(p)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if args[0] == "shop" {
		err = shop(ctx, args[1], args[2])
	} else {
		err = web(ctx, args[1], args[2:])
	}
	return errors.Join(err, p.Shutdown(context.WithoutCancel(ctx)))
}

func web(ctx context.Context, base string, paths []string) error {
	c := &http.Client{Transport: otelhttp.NewTransport(&http.Transport{DisableKeepAlives: true})}
	for _, path := range paths {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return err
		}
		res, err := c.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", path, res.Status)
		}
	}
	return nil
}

func shop(ctx context.Context, listen, redis string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: otelhttp.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := otel.Tracer("shop").Start(r.Context(), "work")
		defer span.End()
		v, err := get(ctx, redis, r.URL.Path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, v)
	}), "serve")}
	go func() {
		<-ctx.Done()
		_ = s.Shutdown(context.WithoutCancel(ctx))
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// get asks Redis for a key, with a span as the instrumentation of a client has it.
func get(ctx context.Context, redis, key string) (string, error) {
	host, port, _ := net.SplitHostPort(redis)
	n, _ := strconv.Atoi(port)
	_, span := otel.Tracer("redis").Start(ctx, "GET", api.WithSpanKind(api.SpanKindClient), api.WithAttributes(
		attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", "GET"),
		attribute.String("server.address", host), attribute.Int("server.port", n)))
	defer span.End()
	c, err := net.Dial("tcp", redis)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", len(key), key); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}
