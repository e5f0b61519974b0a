package dns

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// TestEngineTruth plays the shared captures of DNS through the engine, with both
// protocols, and looks for every transaction of the truth by id and name.
func TestEngineTruth(t *testing.T) {
	total, known := 0, 0
	for _, path := range captureFiles(t, "dns") {
		want := readTruth(t, path)
		if len(want) == 0 {
			continue
		}
		r, err := l7test.PlayCapture(path, UDP(), TCP())
		if err != nil || r == nil {
			t.Logf("%s: not played: %v", filepath.Base(path), err)
			continue
		}
		for _, f := range r.Faults {
			t.Errorf("%s: %s", filepath.Base(path), f)
		}
		type key struct {
			id       string
			response bool
		}
		names := map[key][]string{}
		for _, c := range r.Conns {
			for _, m := range c.Messages {
				k := key{response: m.Kind == "response" || m.Kind == "pushed"}
				name := ""
				for _, a := range m.Attrs {
					if v, ok := strings.CutPrefix(a, "dns.id="); ok {
						k.id = v
					}
					if v, ok := strings.CutPrefix(a, "dns.question.name="); ok {
						name = v
					}
				}
				names[k] = append(names[k], name)
			}
		}
		has := func(x truth, response bool) bool {
			for _, n := range names[key{strconv.Itoa(x.ID), response}] {
				if sameName(n, x.Resource) || response && x.Req > 0 {
					return true
				}
			}
			return false
		}
		for _, x := range want {
			total++
			if x.Req > 0 && !has(x, false) || x.Resp > 0 && !has(x, true) {
				if known++; unlike[filepath.Base(path)] == "" {
					t.Errorf("%s: not found: frames %d, %d: %d %q", filepath.Base(path), x.Req, x.Resp, x.ID, x.Resource)
				}
			}
		}
	}
	t.Logf("%d transactions, %d not found for known reasons", total, known)
}
