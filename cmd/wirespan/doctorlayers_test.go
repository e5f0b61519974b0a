package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
)

// page writes metrics as an instance serves them; series without labels are
// names alone.
func page(series map[string]float64) string {
	var b strings.Builder
	b.WriteString("# TYPE wirespan_capture_packets_total counter\n")
	if _, ok := series["wirespan_capture_packets_total"]; !ok {
		b.WriteString("wirespan_capture_packets_total 0\n")
	}
	for _, k := range slices.Sorted(maps.Keys(series)) {
		b.WriteString(k + " " + strconv.FormatFloat(series[k], 'f', -1, 64) + "\n")
	}
	return b.String()
}

// healthy is an instance of which nothing is wrong; each case changes some of
// it.
func healthy() map[string]float64 {
	return map[string]float64{
		"wirespan_capture_packets_total": 1000, `wirespan_capture_dropped_packets_total{kind="kernel"}`: 0,
		`wirespan_capture_point_dropped_packets_total{kind="kernel",wirespan_capture_point="eth0"}`: 0,
		`wirespan_decode_packets_total{reason="ok"}`:                                                990, `wirespan_decode_packets_total{reason="not_ip"}`: 10,
		"wirespan_flows_opened_total": 20, "wirespan_flows_open": 2, `wirespan_flows_payload_bytes_total{fate="delivered"}`: 50000,
		`wirespan_parser_exchanges_total{network_protocol_name="http"}`: 40, "wirespan_sampling_rate_ratio": 1,
		"wirespan_spans_total": 40, "wirespan_traces_total": 10,
		`wirespan_exporter_spans_total{exporter="http://c:4318/v1/traces",result="sent"}`: 40,
	}
}

// TestLayers breaks one layer at a time, and wants it named first.
func TestLayers(t *testing.T) {
	const x = `exporter="http://c:4318/v1/traces"`
	up := &runStatus{Version: "1", Shown: "port 80", Interfaces: []statusInterface{{"eth0", true, true}}}
	tlsTrial := trial{name: "eth0", packets: 100, judged: 100, passed: 100, conns: connSurvey{table: map[connKey]*connFacts{{proto: wire.ProtoTCP}: {packets: 9, back: 9, established: true, tls: true, bytes: 900}}}}
	for name, c := range map[string]struct {
		set   map[string]float64
		drop  []string // metrics that become zero
		view  func(*view)
		layer string // "" if nothing stops
		words string
	}{
		"healthy": {layer: "", words: "1000 packets became 40 spans"},
		"not ready": {view: func(v *view) {
			v.ready, v.says = false, []string{"stuck: no packet and no clock was looked at for 20s"}
		}, layer: "process", words: "stuck"},
		"no packets, moved":      {drop: []string{"wirespan_capture"}, view: func(v *view) { v.told, v.moved = up, map[string]uint64{"eth0": 500} }, layer: "capture", words: "port 80"},
		"no packets, not moved":  {drop: []string{"wirespan_capture"}, view: func(v *view) { v.told, v.moved = up, map[string]uint64{"eth0": 0} }, layer: "capture", words: "no packet passes on eth0"},
		"no packets, elsewhere":  {drop: []string{"wirespan_capture"}, view: func(v *view) { v.moved = map[string]uint64{"eth7": 500} }, layer: "capture", words: "no traffic, or the filter"},
		"no packets, down":       {drop: []string{"wirespan_capture"}, view: func(v *view) { v.told = &runStatus{Interfaces: []statusInterface{{"eth0", true, false}}} }, layer: "capture", words: "eth0 is down"},
		"no packets, gone":       {drop: []string{"wirespan_capture"}, view: func(v *view) { v.told = &runStatus{Interfaces: []statusInterface{{"eth0", false, false}}} }, layer: "capture", words: "eth0 does not exist"},
		"filter refuses a trial": {view: func(v *view) { v.told, v.trials = up, []trial{{name: "eth0", judged: 77}} }, layer: "capture", words: "77 on eth0"},
		"drops do not stop":      {set: map[string]float64{`wirespan_capture_dropped_packets_total{kind="kernel"}`: 500}, layer: ""},
		"nothing decodes":        {drop: []string{`wirespan_decode_packets_total{reason="ok"}`}, layer: "decode", words: "10 not ip"},
		"no connection":          {drop: []string{"wirespan_flows"}, layer: "connections", words: "no connection"},
		"sampled away":           {drop: []string{"wirespan_flows"}, set: map[string]float64{"wirespan_sampling_left_out_packets_total": 9}, layer: "connections", words: "outside the sample"},
		"snaplen":                {drop: []string{"wirespan_flows_payload"}, set: map[string]float64{`wirespan_flows_payload_bytes_total{fate="cut_by_snaplen"}`: 5}, layer: "connections", words: "--snaplen"},
		"nobody answers":         {drop: []string{"wirespan_flows_payload", "wirespan_spans"}, set: map[string]float64{`wirespan_flows_closed_total{reason="syn_timeout"}`: 20}, layer: "connections", words: "20 syn timeout"},
		"failures are on screen": {drop: []string{"wirespan_flows_payload"}, set: map[string]float64{`wirespan_flows_closed_total{reason="refused"}`: 20}, layer: ""},
		"one direction":          {set: map[string]float64{`wirespan_parser_odd_exchanges_total{kind="unanswered"}`: 40}, layer: "connections", words: "one direction only"},
		"failures are answered":  {set: map[string]float64{`wirespan_parser_odd_exchanges_total{kind="unanswered"}`: 37, `wirespan_parser_odd_exchanges_total{kind="failed_connection"}`: 37}, layer: ""},
		"turned off":             {drop: []string{"wirespan_parser_exchanges"}, set: map[string]float64{`wirespan_parser_opaque_connections_total{reason="turned_off"}`: 20}, view: func(v *view) { v.told = &runStatus{Proto: []string{"80=off"}} }, layer: "protocols", words: "--proto 80=off"},
		"unknown":                {drop: []string{"wirespan_parser_exchanges"}, set: map[string]float64{`wirespan_parser_opaque_connections_total{reason="unknown_protocol"}`: 20}, layer: "protocols", words: "no protocol that is known"},
		"TLS by handshakes":      {drop: []string{"wirespan_parser_exchanges"}, set: map[string]float64{`wirespan_parser_exchanges_total{network_protocol_name="tls"}`: 20}, layer: "protocols", words: "TLS"},
		"TLS by the trial":       {drop: []string{"wirespan_parser_exchanges"}, set: map[string]float64{`wirespan_parser_opaque_connections_total{reason="unknown_protocol"}`: 20}, view: func(v *view) { v.trials = []trial{tlsTrial} }, layer: "protocols", words: "TLS"},
		"refused by parsers":     {drop: []string{"wirespan_parser_exchanges"}, set: map[string]float64{`wirespan_parser_opaque_connections_total{reason="boundary_lost"}`: 2}, layer: "protocols", words: "2 boundary lost"},
		"no request yet":         {drop: []string{"wirespan_parser_exchanges"}, layer: "protocols", words: "no request has been complete"},
		"where":                  {drop: []string{"wirespan_spans"}, set: map[string]float64{"wirespan_link_unselected_spans_total": 40}, view: func(v *view) { v.told = &runStatus{Where: "error"} }, layer: "spans", words: `--where "error"`},
		"all open":               {drop: []string{"wirespan_spans"}, set: map[string]float64{"wirespan_link_open": 4}, layer: "spans", words: "4 requests have no end"},
		"receiver down, readyz":  {drop: []string{"wirespan_exporter"}, set: map[string]float64{"wirespan_exporter_spans_total{" + x + `,result="sent"}`: 0, "wirespan_exporter_spans_queue_length{" + x + "}": 3}, view: func(v *view) { v.says = append(v.says, "exporter http://c:4318/v1/traces: connection refused") }, layer: "outputs", words: "connection refused"},
		"receiver down, lost":    {drop: []string{"wirespan_exporter"}, set: map[string]float64{"wirespan_exporter_spans_total{" + x + `,result="dropped"}`: 40}, layer: "outputs", words: "takes nothing"},
		"receiver refuses": {drop: []string{"wirespan_exporter"}, set: map[string]float64{"wirespan_exporter_spans_total{" + x + `,result="rejected"}`: 40}, view: func(v *view) {
			v.told = &runStatus{Exporters: []statusExporter{{Name: "http://c:4318/v1/traces", LastError: "401 Unauthorized"}}}
		}, layer: "outputs", words: "401 Unauthorized"},
		"sampled out":            {drop: []string{"wirespan_exporter"}, set: map[string]float64{"wirespan_exporter_spans_total{" + x + `,result="sent"}`: 0}, view: func(v *view) { v.told = &runStatus{LeftOut: 40} }, layer: "outputs", words: "--sample-ratio"},
		"sampling does not stop": {set: map[string]float64{"wirespan_sampling_rate_ratio": 0.25}, layer: ""},
		"a slow file":            {set: map[string]float64{"wirespan_output_lost_spans_total": 5}, layer: ""},
		"panics do not stop":     {set: map[string]float64{"wirespan_parser_panics_total": 1}, layer: ""},
		"an error that went away": {view: func(v *view) {
			v.told = &runStatus{Exporters: []statusExporter{{Name: "http://c:4318/v1/traces", LastError: "reset"}}}
		}, layer: ""},
	} {
		t.Run(name, func(t *testing.T) {
			series := healthy()
			for k := range series {
				for _, d := range c.drop {
					if strings.HasPrefix(k, d) && !strings.Contains(k, "point_") {
						delete(series, k)
					}
				}
			}
			maps.Copy(series, c.set)
			s, err := readScrape(page(series))
			if err != nil {
				t.Fatal(err)
			}
			v := &view{before: s, after: s, ready: true, says: []string{"capturing: 1000 packets, 40 spans"}}
			if c.view != nil {
				c.view(v)
			}
			v.judge()
			got := v.verdict()
			if want := "it stops at " + c.layer + ":"; c.layer != "" && !strings.HasPrefix(got, want) || c.layer == "" && !strings.HasPrefix(got, "nothing stops") {
				t.Errorf("verdict %q, want %q", got, c.layer)
			}
			if !strings.Contains(got, c.words) {
				t.Errorf("verdict %q, want %q in it", got, c.words)
			}
			for _, l := range v.layers {
				if l.Text == "" || l.Stops != (l.Mark == markMissing) {
					t.Errorf("%+v", l)
				}
			}
		})
	}
}

func TestReadScrape(t *testing.T) {
	for _, bad := range []string{"", "up 1\n", "wirespan_capture_packets_total\n", "<html>"} {
		if _, err := readScrape(bad); err == nil {
			t.Errorf("%q is taken for an instance", bad)
		}
	}
	s, err := readScrape(page(map[string]float64{`a{b="1",c="2"}`: 3, `a{b="1",c="4"}`: 5}))
	if err != nil {
		t.Fatal(err)
	}
	if s.sum("a") != 8 || s.sum("a", "c", "2") != 3 || s.sum("a", "b", "1", "c", "4") != 5 || s.sum("a", "c", "9") != 0 || s.by("a", "b")["1"] != 8 {
		t.Errorf("sums are wrong: %v", s["a"])
	}
}

// FuzzLayers judges whatever a server may answer.
func FuzzLayers(f *testing.F) {
	f.Add(page(healthy()), "capturing: 1 packets")
	f.Add("wirespan_capture_packets_total NaN\nwirespan_spans_total -1\n", "")
	f.Fuzz(func(t *testing.T, text, says string) {
		s, err := readScrape(text)
		if err != nil {
			return
		}
		v := &view{before: s, after: s, ready: true, says: strings.Fields(says)}
		v.judge()
		if v.verdict() == "" {
			t.Error("no verdict")
		}
	})
}
