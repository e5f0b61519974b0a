package dns

import (
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// TestDetectOthers runs detection over the first payloads of every flow of the
// captures in which the truth names no DNS. Some hold DNS nevertheless, which
// the truth leaves out: there the port tells.
func TestDetectOthers(t *testing.T) {
	looked, wrong := 0, 0
	for _, path := range captureFiles(t, "") {
		if hasDNS(path) {
			continue
		}
		flows := map[flow]int{}
		for _, p := range readCapture(path) {
			if len(p.b) == 0 {
				continue
			}
			if flows[p.flow()]++; flows[p.flow()] > 20 {
				continue
			}
			looked++
			detect := detectUDP
			if p.tcp {
				detect = detectTCP
			}
			q, r := detect(l7.ToServer, p.b), detect(l7.ToClient, p.b)
			switch min(p.src.Port(), p.dst.Port()) {
			case portDNS, portMDNS, portLLMNR, 8053:
				continue
			}
			if max(q, r) >= l7.Maybe {
				wrong++
				t.Errorf("%s: frame %d: %v > %v: %d, %d: %.60x", filepath.Base(path), p.frame, p.src, p.dst, q, r, p.b)
			}
		}
	}
	t.Logf("%d payloads, %d taken for DNS", looked, wrong)
}
