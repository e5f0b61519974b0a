// Command zipkin is two services with Zipkin's own library (zipkin-go), for tests of
// wirespan serve:
//
//	zipkin shop LISTEN REDIS    serves /order/N: asks Redis, a span for that
//	zipkin web URL PATH...      asks for each path, a span for that
//
// Spans go to the URL in ZIPKIN_ENDPOINT. Between the services there are B3 headers, and a
// server shares the id of its client's span, as is Zipkin's way.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/openzipkin/zipkin-go"
	zipkinhttp "github.com/openzipkin/zipkin-go/middleware/http"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/reporter"
	httpreporter "github.com/openzipkin/zipkin-go/reporter/http"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: zipkin shop LISTEN REDIS | zipkin web URL PATH...")
	}
	run := shop
	if os.Args[1] == "web" {
		run = web
	}
	if err := run(os.Args[2], os.Args[3:]); err != nil {
		log.Fatal(err)
	}
}

// tracer reports to ZIPKIN_ENDPOINT as service name at address.
func tracer(name, address string) (*zipkin.Tracer, reporter.Reporter, error) {
	r := httpreporter.NewReporter(os.Getenv("ZIPKIN_ENDPOINT"), httpreporter.BatchInterval(200*time.Millisecond))
	e, err := zipkin.NewEndpoint(name, address)
	if err != nil {
		return nil, nil, err
	}
	t, err := zipkin.NewTracer(r, zipkin.WithLocalEndpoint(e), zipkin.WithTraceID128Bit(os.Getenv("ZIPKIN_ID") == "128"))
	return t, r, err
}

func web(url string, paths []string) error {
	t, r, err := tracer("web", "")
	if err != nil {
		return err
	}
	c, err := zipkinhttp.NewClient(t)
	if err != nil {
		return err
	}
	for _, p := range paths {
		req, err := http.NewRequest(http.MethodGet, url+p, nil)
		if err != nil {
			return err
		}
		res, err := c.DoWithAppSpan(req, "web "+strings.Split(p, "/")[1])
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", p, res.Status)
		}
	}
	return r.Close()
}

func shop(listen string, args []string) error {
	t, r, err := tracer("shop", listen)
	if err != nil {
		return err
	}
	h := zipkinhttp.NewServerMiddleware(t)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n, err := ask(req.Context(), t, args[0], strings.TrimPrefix(req.URL.Path, "/order/"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "order of %d bytes\n", n)
	}))
	s := &http.Server{Addr: listen, Handler: h}
	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGTERM, os.Interrupt)
	go func() { <-done; _ = s.Shutdown(context.Background()) }()
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return r.Close()
}

// ask gets a key of Redis in a connection of its own, with a span.
func ask(ctx context.Context, t *zipkin.Tracer, redis, id string) (int, error) {
	host, port, err := net.SplitHostPort(redis)
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0, err
	}
	s, _ := t.StartSpanFromContext(ctx, "get", zipkin.Kind(model.Client),
		zipkin.RemoteEndpoint(&model.Endpoint{ServiceName: "redis", IPv4: net.ParseIP(host), Port: uint16(number)}))
	s.Tag("db.system", "redis")
	s.Tag("db.operation", "GET")
	defer s.Finish()
	c, err := net.Dial("tcp", redis)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	key := "order:" + id
	if _, err := fmt.Fprintf(c, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", len(key), key); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return len(line), err
}
