// Command graph computes a service graph with Tempo's own processor of its metrics
// generator. It reads OTLP (TracesData, protobuf) from standard input and writes a line
// per edge: connection type, requests, client, server, tab between them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	kitlog "github.com/go-kit/log"
	"github.com/gogo/protobuf/proto"
	"github.com/grafana/tempo/modules/generator/processor/servicegraphs"
	"github.com/grafana/tempo/modules/generator/registry"
	"github.com/grafana/tempo/pkg/tempopb"
)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var t tempopb.Trace
	if err := proto.Unmarshal(text, &t); err != nil {
		return err
	}
	var c servicegraphs.Config
	c.RegisterFlagsAndApplyDefaults("", flag.NewFlagSet("", flag.ContinueOnError))
	c.Wait, c.Workers = time.Hour, 0 // edges without their other side are left out
	metrics := registry.NewTestRegistry()
	p := servicegraphs.New(c, "test", metrics, kitlog.NewLogfmtLogger(os.Stderr))
	p.PushSpans(context.Background(), &tempopb.PushSpansRequest{Batches: t.ResourceSpans})
	fmt.Print(edges(metrics.String()))
	return nil
}

var (
	request = regexp.MustCompile(`^traces_service_graph_request_total\{(.*)\} (\S+)$`)
	label   = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
)

// edges reads the counters of requests.
func edges(metrics string) string {
	var lines []string
	for line := range strings.Lines(metrics) {
		m := request.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		of := map[string]string{}
		for _, l := range label.FindAllStringSubmatch(m[1], -1) {
			of[l[1]] = l[2]
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\n", of["connection_type"], m[2], of["client"], of["server"]))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
