package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Bounds of what is asked of an instance.
const (
	askTime = 5 * time.Second
	maxPage = 32 << 20
)

// instance is a running wirespan that is asked through --metrics. A nil instance
// answers nothing.
type instance struct {
	addr   string
	client http.Client
	err    error // it does not answer

	before, after scrape
	ready         bool
	says          []string   // lines of /readyz
	told          *runStatus // nil: it does not tell us
}

// scrape is a page of metrics by name.
type scrape map[string]*dto.MetricFamily

// openInstance asks for everything a first time. The proxy of the environment
// is for others.
func openInstance(ctx context.Context, addr string) *instance {
	in := &instance{addr: addr, client: http.Client{Timeout: askTime, Transport: &http.Transport{}}}
	in.before, in.err = in.metrics(ctx)
	if in.err != nil {
		return in
	}
	if b, code, err := in.get(ctx, "/status"); err == nil && code == http.StatusOK {
		st := &runStatus{}
		if json.Unmarshal(b, st) == nil {
			in.told = st
		}
	}
	return in
}

// finish asks again, when the trial is over.
func (in *instance) finish(ctx context.Context) {
	if in.err != nil {
		return
	}
	if in.after, in.err = in.metrics(ctx); in.err != nil {
		return
	}
	b, code, err := in.get(ctx, "/readyz")
	in.ready = err == nil && code == http.StatusOK
	in.says = strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' })
}

func (in *instance) answers() bool { return in != nil && in.err == nil }

// filter is the expression that a trial judges packets with: the instance's,
// or what live would have.
func (in *instance) filter(l *liveOptions) string {
	if in.answers() && in.told != nil && in.told.Filter != "" {
		return in.told.Filter
	}
	if l.program != "" {
		return ""
	}
	return pick(strings.TrimSpace(l.user) == "", sshExpr, l.user)
}

// get reads a page.
func (in *instance) get(ctx context.Context, path string) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.addr+path, nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := in.client.Do(req)
	var asking *url.Error
	if errors.As(err, &asking) {
		err = asking.Err // the rest is the URL, which is known
	}
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	return b, resp.StatusCode, err
}

func (in *instance) metrics(ctx context.Context) (scrape, error) {
	b, code, err := in.get(ctx, "/metrics")
	switch {
	case err != nil:
		return nil, err
	case code != http.StatusOK:
		return nil, fmt.Errorf("GET /metrics: status %d", code)
	}
	return readScrape(string(b))
}

var errNotWirespan = errors.New("what answers there is no wirespan: its metrics lack wirespan_capture_packets_total")

// readScrape reads a page of metrics in the text format of Prometheus.
func readScrape(page string) (scrape, error) {
	p := expfmt.NewTextParser(model.UTF8Validation)
	m, err := p.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	if m["wirespan_capture_packets_total"] == nil {
		return nil, errNotWirespan
	}
	return m, nil
}

// sum adds up the series of a metric that have all labels given, as pairs of
// name and value.
func (s scrape) sum(name string, labels ...string) float64 {
	var sum float64
	for _, m := range s[name].GetMetric() {
		if matches(m, labels) {
			sum += valueOf(m)
		}
	}
	return sum
}

// by adds up the series of a metric by the value of one label.
func (s scrape) by(name, label string) map[string]float64 {
	out := make(map[string]float64)
	for _, m := range s[name].GetMetric() {
		for _, l := range m.GetLabel() {
			if v := valueOf(m); l.GetName() == label && v > 0 {
				out[l.GetValue()] += v
			}
		}
	}
	return out
}

// values lists the values of a label.
func (s scrape) values(name, label string) (list []string) {
	for _, m := range s[name].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label {
				list = append(list, l.GetValue())
			}
		}
	}
	return list
}

func matches(m *dto.Metric, labels []string) bool {
	found := 0
	for _, l := range m.GetLabel() {
		for i := 0; i+1 < len(labels); i += 2 {
			if l.GetName() == labels[i] && l.GetValue() == labels[i+1] {
				found++
			}
		}
	}
	return found == len(labels)/2
}

func valueOf(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	}
	return m.GetUntyped().GetValue()
}
