package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPointsIPVS holds that what the three ways of IPVS to forward leave of a
// connection, in front of the director and behind it, is one exchange with its
// sightings in order. The captures are crafted: testdata/points/ipvs.md.
func TestPointsIPVS(t *testing.T) {
	t.Parallel()
	const n = 6 // 2 connections, 3 requests each
	line := func(mode, rule, point, place, server string) string {
		return fmt.Sprintf("%s ipvs-%s-%s %s %s\n", rule, mode, point, place, server)
	}
	for mode, want := range map[string]map[string]int{
		"nat": {
			line("nat", "", "front", "gw-in", "192.0.2.100:80") + line("nat", "sighting", "back", "gw-out", "198.51.100.20:8000"): n / 2,
			line("nat", "", "front", "gw-in", "192.0.2.100:80") + line("nat", "sighting", "back", "gw-out", "198.51.100.21:8000"): n / 2,
		},
		"direct": {
			line("direct", "", "front", "net", "192.0.2.100:80") + line("direct", "sighting", "back", "net", "192.0.2.100:80"): n,
		},
		// behind, the request is in IPIP, the response is not: two connections
		"tunnel": {
			line("tunnel", "", "front", "net", "192.0.2.100:80") + line("tunnel", "sighting", "back", "net", "192.0.2.100:80") +
				line("tunnel", "sighting", "back", "net", "192.0.2.100:80"): n,
		},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			front, back := pointCaptures("ipvs-" + mode + "-front")[0], pointCaptures("ipvs-" + mode + "-back")[0]
			for _, inputs := range [][]string{{front, back}, {back, front}} {
				spans := spansOf(t, inputs...)
				if d := cmp.Diff(want, placesOf(spans)); d != "" {
					t.Errorf("%v (-want +got):\n%s", inputs, d)
				}
				if e, _ := exchangesOf(spans); e != n || len(traceIDs(spans)) != n {
					t.Errorf("%d exchanges in %d traces, want %d", e, len(traceIDs(spans)), n)
				}
				for i := range spans {
					checkHalf(t, &spans[i], mode)
				}
			}
			checkPointsGolden(t, "ipvs-"+mode, front, back)
		})
	}
}

// placesOf is chainsOf by addresses, whatever name a host was called by.
func placesOf(spans []spanLine) map[string]int {
	for i := range spans {
		spans[i].Attributes["server.address"] = spans[i].Attributes["network.local.address"]
		spans[i].Attributes["server.port"] = spans[i].Attributes["network.local.port"]
	}
	return chainsOf(spans)
}

// checkHalf holds that a sighting has the status of its response, and says
// which half of the exchange it is where it is one.
func checkHalf(t *testing.T, s *spanLine, mode string) {
	t.Helper()
	if s.str("http.response.status_code") != "200" || s.str("url.path") == "" || s.Status == "ERROR" {
		t.Errorf("%s at %s: status %s %s", s.what(), s.str("wirespan.capture.point"), s.str("http.response.status_code"), s.Status)
	}
	half := s.str("wirespan.half")
	tunnelled := s.str("wirespan.tunnel.kind") == "ipip"
	switch behind := mode == "tunnel" && s.str("wirespan.capture.point") == "ipvs-tunnel-back"; {
	case !behind && (half != "" || tunnelled),
		behind && !(tunnelled && half == "request") && !(!tunnelled && half == "response"):
		t.Errorf("%s at %s is the half %q in the tunnel %q", s.what(), s.str("wirespan.capture.point"), half, s.str("wirespan.tunnel.kind"))
	}
}

// checkPointsGolden compares all spans with those stored; -update rewrites them.
func checkPointsGolden(t *testing.T, name string, inputs ...string) {
	t.Helper()
	got := sortedSpans(t, outputOf(t, "ndjson", append(inputs, "--bodies", "0")...))
	path := filepath.Join(pointsDir, name+".golden.json")
	if e2eUpdate() {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(readFile(t, path)), string(got)); d != "" {
		t.Errorf("%s (-want +got; -update rewrites):\n%s", path, d)
	}
}

// TestIPVSBehindOnly holds that a point behind the director alone shows whole
// exchanges where requests are in a tunnel and responses are not.
func TestIPVSBehindOnly(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, pointCaptures("ipvs-tunnel-back")...)
	if n, seen := exchangesOf(spans); n != 6 || seen["ipvs-tunnel-back"] != 12 || len(traceIDs(spans)) != 6 {
		t.Errorf("%d exchanges with %v sightings in %d traces, want 6 of two halves", n, seen, len(traceIDs(spans)))
	}
	for i := range spans {
		checkHalf(t, &spans[i], "tunnel")
		if d := spans[i].End - spans[i].Start; d < 3e6 {
			t.Errorf("%s took %d ns, servers took 4 ms and more", spans[i].what(), d)
		}
	}
}
