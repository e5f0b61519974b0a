package main

import (
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
)

// The status page tells everything that /status does, and nothing that an agent
// or a file name says becomes markup.
func TestStatusPage(t *testing.T) {
	evil := `<script>alert("1")</script>&`
	escaped := "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&amp;"
	s := &houseStatus{
		Version: evil, Began: time.Unix(1_700_000_000, 0), Listens: []string{evil}, Tokens: true, Takes: true,
		Store:  storeStatus{Name: evil, Fault: evil, Stats: store.Stats{Full: evil, Spans: 11, Bytes: 22, Written: 33, Repairs: []string{evil}}},
		Ingest: []formatCount{{evil, 44, 55, 66}},
		Losses: []namedCount{{77, evil}}, Gate: []namedCount{{88, evil}},
		agentCounts: agentCounts{Agents: []agentCount{{Name: evil, Spans: 99}}, Others: 111, Apps: 222},
	}
	page := s.html()
	if strings.Contains(page, "<script") || strings.Contains(page, "%!") {
		t.Errorf("a value became markup or has no place:\n%s", page)
	}
	if n := strings.Count(page, escaped); n != 10 {
		t.Errorf("%d of 10 texts are on the page:\n%s", n, page)
	}
	for _, want := range []string{"2023-11-14 22:13:20", "11", "22", "33", "44", "55", "66", "77", "88", "99", "111", "222", "never", "A token is needed", "gone after a restart"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not tell %q:\n%s", want, page)
		}
	}
	if page = (&houseStatus{}).html(); !strings.Contains(page, "Nothing.") || !strings.Contains(page, "None since the start.") {
		t.Errorf("a fresh server's page:\n%s", page)
	}
}
