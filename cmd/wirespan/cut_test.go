package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// again are the attributes that a cut keeps: what the exchange was, not what
// the connection was before and after it.
var again = []string{
	"wirespan.exchange", "network.protocol.name", "wirespan.flow.seq.request", "wirespan.flow.seq.response", "wirespan.response",
	"wirespan.loss.bytes", "wirespan.truncated", "http.request.method", "url.path", "http.response.status_code", "http.response.body.size",
	"wirespan.phase.connect", "dns.question.name", "dns.response_code", "error.type", "wirespan.tcp.out_of_order",
}

// TestCutReadsAgain cuts every span of a capture by itself, and reads the same
// exchange from the cut: no hole, no handshake of an earlier exchange.
func TestCutReadsAgain(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"../../testdata/demo/app.pcap", goldenCapture("http-secrets"), goldenCapture("fragments-dns4"),
		goldenCapture("fragments-dns6"), goldenCapture("gateway-nginx-retry"),
	} {
		spans := spansOf(t, file)
		if len(spans) == 0 {
			t.Fatalf("%s: no spans", file)
		}
		for _, s := range spans[:min(len(spans), 25)] {
			path := filepath.Join(t.TempDir(), "cut.pcapng")
			mustRead(t, 0, file, "--where", `wirespan.exchange="`+s.str("wirespan.exchange")+`"`, "--attributes", "core", "--out", "pcapng:"+path)
			var same *spanLine
			for _, o := range spansOf(t, path) {
				if o.str("wirespan.exchange") == s.str("wirespan.exchange") {
					same = &o
				}
			}
			if same == nil {
				t.Errorf("%s: the cut of %s does not hold it:\n%s", file, s.what(), forestOf(spansOf(t, path)))
				continue
			}
			want, got := make(map[string]any), make(map[string]any)
			for _, k := range again {
				want[k], got[k] = s.Attributes[k], same.Attributes[k]
			}
			if d := cmp.Diff(want, got); d != "" || s.Start != same.Start || s.End != same.End {
				t.Errorf("%s: %s is another exchange in its cut (-want +got):\n%s", file, s.what(), d)
			}
		}
	}
}
