package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// messagingProtocols are the protocols whose DeepFlow results are counted,
// by the value of network.protocol.name.
var messagingProtocols = []string{"amqp", "kafka", "mqtt", "nats", "openwire", "rocketmq", "stomp"}

var (
	deepFlowKind  = regexp.MustCompile(`msg_type: (\w+)`)
	deepFlowError = regexp.MustCompile(`\bstatus: (Client|Server)Error\b`)
)

// TestDeepFlowCounts compares requests, responses, messages without answer and
// errors with DeepFlow's results of its own captures. What differs stands in
// testdata/deviations/goldens.md with both counts and the reason.
func TestDeepFlowCounts(t *testing.T) {
	t.Parallel()
	sharedCapture(t, "captures")
	table := goldenTable(t)
	n := 0
	for _, proto := range messagingProtocols {
		results, _ := filepath.Glob(filepath.Join(sharedDir, "captures", "*", "deepflow-"+proto+"_*.deepflow.result"))
		for _, file := range results {
			n++
			name := strings.TrimSuffix(filepath.Base(file), ".deepflow.result")
			t.Run(name, func(t *testing.T) {
				captures, _ := filepath.Glob(strings.TrimSuffix(file, ".deepflow.result") + ".pcap*")
				if len(captures) != 1 {
					t.Fatalf("%d captures", len(captures))
				}
				theirs, ours := countDeepFlow(string(readFile(t, file))), countSpans(spansOf(t, captures[0]), proto)
				row, told := table[name]
				switch {
				case !told && theirs != ours:
					t.Errorf("theirs are %s, ours %s", theirs, ours)
				case told && (row[0] != theirs || row[1] != ours):
					t.Errorf("theirs are %s, ours %s; the table has %s and %s", theirs, ours, row[0], row[1])
				}
				delete(table, name)
			})
		}
	}
	if n < 19 {
		t.Errorf("%d results, want 19", n)
	}
	for name := range table {
		t.Errorf("goldens.md: nobody needs the row of %s", name)
	}
}

// goldenTable reads the differences that are explained: theirs and ours, by
// capture.
func goldenTable(t *testing.T) map[string][2]string {
	t.Helper()
	table := make(map[string][2]string)
	for l := range strings.Lines(string(readFile(t, filepath.Join(deviationsDir, "goldens.md")))) {
		if !strings.HasPrefix(l, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(l), "|"), " | ")
		if len(cells) != 4 || len(strings.TrimSpace(cells[3])) == 0 {
			t.Fatalf("goldens.md: %q: want capture, theirs, ours and why", l)
		}
		table[strings.Trim(strings.TrimSpace(cells[0]), "`")] = [2]string{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])}
	}
	return table
}

// countDeepFlow counts lines by their type: a session of one line is a message
// without answer.
func countDeepFlow(text string) string {
	n := map[string]int{}
	for _, m := range deepFlowKind.FindAllStringSubmatch(text, -1) {
		n[m[1]]++
	}
	return fourCounts(n["Request"], n["Response"], n["Session"]+n["Other"], len(deepFlowError.FindAllString(text, -1)))
}

// countSpans counts the messages of exchanges.
func countSpans(spans []spanLine, proto string) string {
	var requests, responses, single, failed int
	for i := range spans {
		s := &spans[i]
		if s.str("network.protocol.name") != proto {
			continue
		}
		switch s.str("wirespan.response") {
		case "none":
			requests++
		case "orphan":
			responses++
		case "oneway", "pushed":
			single++
		default:
			requests++
			responses++
		}
		if strings.EqualFold(s.Status, "error") {
			failed++
		}
	}
	return fourCounts(requests, responses, single, failed)
}

func fourCounts(requests, responses, single, failed int) string {
	return fmt.Sprintf("%d/%d/%d/%d", requests, responses, single, failed)
}
