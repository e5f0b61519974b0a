package main

import (
	"strings"
	"testing"
)

// serialRules are what a user of the estate in serial.pcap writes.
var serialRules = []string{
	"--request-id", "json:$.head.serialNo", "--request-id", "form:serialNo", "--request-id", "query:serialNo", "--request-id", "sql:serialNo",
}

// TestSerialNumbers links the calls of an estate that has no headers: each call
// has a chain of gateway, service, its peer and the database.
func TestSerialNumbers(t *testing.T) {
	t.Parallel()
	file := goldenCapture("serial")
	for _, bodies := range []string{"0", "32", "8192"} {
		spans := spansOf(t, append([]string{file, "--bodies", bodies}, serialRules...)...)
		byID := map[string]*spanLine{}
		for i := range spans {
			byID[spans[i].ID] = &spans[i]
		}
		linked, statements := 0, 0
		for i := range spans {
			s := &spans[i]
			p := byID[s.Parent]
			if p == nil {
				continue
			}
			linked++
			if why := s.str("wirespan.link.evidence"); s.str("wirespan.link.rule") != "header_id" || !strings.HasPrefix(why, "serialno=20261121-000047") {
				t.Errorf("%s is linked by %s: %s", s.what(), s.str("wirespan.link.rule"), why)
			}
			if a, b := s.str("wirespan.request_id"), p.str("wirespan.request_id"); a != b || !strings.HasPrefix(a, "serialno=20261121-0000471") {
				t.Errorf("%s has %q below %s with %q", s.what(), a, p.what(), b)
			}
			if s.str("db.system.name") != "" {
				statements++
				if s.Name != "SELECT shop.orders" || byID[p.Parent] == nil {
					t.Errorf("%s hangs below %s", s.what(), p.what())
				}
			}
		}
		if linked != 18 || statements != 6 {
			t.Errorf("--bodies %s: %d links, %d of statements; want 18 and 6\n%s", bodies, linked, statements, forestOf(spans))
		}
	}
	for _, s := range spansOf(t, file) {
		if s.str("wirespan.request_id") != "" || s.str("wirespan.link.rule") == "header_id" {
			t.Errorf("%s has an ID although nobody asked for it", s.what())
		}
	}
	want := allFormats(t, nil, append([]string{file}, serialRules...)...)
	for _, workers := range []string{"1", "2", "4"} {
		diffFormats(t, workers+" workers", want, allFormats(t, nil, append([]string{file, "--workers", workers}, serialRules...)...))
	}
}
