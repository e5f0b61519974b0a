package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// scored are the folders of shared captures whose spans are scored.
var scored = []string{"http1", "dns", "chain", "encapsulation", "ip-fragments", "formats", "tcp"}

// wanted is the least share of recall, precision and fields.
const wanted = 0.995

// fileScore is what score.py prints for one capture.
type fileScore struct {
	File       string
	Counts     map[string]int
	Deviations []deviation
}

type deviation struct{ Kind, What, Span string }

// explained is a row of testdata/deviations/spans.md: n deviations of a kind
// whose text has a part, in the captures with that name.
type explained struct {
	line             int
	file, kind, part string
	n, used          int
}

// explanations reads a table.
func explanations(t *testing.T, table string) []*explained {
	t.Helper()
	var rows []*explained
	n := 0
	for l := range strings.Lines(string(readFile(t, filepath.Join(deviationsDir, table)))) {
		n++
		cells := strings.Split(strings.Trim(strings.TrimSpace(l), "|"), " | ")
		if !strings.HasPrefix(l, "| `") {
			continue
		}
		if len(cells) != 6 {
			t.Fatalf("%s:%d: %d cells, want capture, kind, part, n, why and proof", table, n, len(cells))
		}
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		count, err := strconv.Atoi(cells[3])
		if err != nil || cells[4] == "" || cells[5] == "" {
			t.Fatalf("%s:%d: want a number, a reason and a proof", table, n)
		}
		rows = append(rows, &explained{line: n, file: cells[0], kind: cells[1], part: cells[2], n: count})
	}
	return rows
}

func explain(rows []*explained, file string, d deviation) bool {
	for _, r := range rows {
		if (r.file == file || r.file == "*") && r.kind == d.Kind && strings.Contains(d.What+" | "+d.Span, r.part) {
			r.used++
			return true
		}
	}
	return false
}

// truthFile is the truth of a capture, "" if it has none.
func truthFile(capture string) string {
	for _, cut := range []string{".pcap.gz", ".pcapng.gz", ".pcapng", ".pcap", ".cap"} {
		if base, ok := strings.CutSuffix(capture, cut); ok {
			if exists(base + ".truth.ndjson") {
				return base + ".truth.ndjson"
			}
		}
	}
	return ""
}

// analyseAll writes OTLP of captures into a directory, several at a time.
func analyseAll(t *testing.T, captures []string, dir string, args ...string) []string {
	t.Helper()
	out := make([]string, len(captures))
	var wg sync.WaitGroup
	free := make(chan struct{}, 4)
	for i, c := range captures {
		out[i] = filepath.Join(dir, fmt.Sprintf("%d.%s.spans.ndjson", i, filepath.Base(c)))
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			a := append([]string{"read", "--summary=false", "--progress=never", "--workers=1", "--out", "otlp:" + out[i], c}, args...)
			if code := run(t.Context(), a); code > 1 {
				t.Errorf("%s: exit status %d", c, code)
			}
			if !exists(out[i]) { // not a capture: no spans
				_ = os.WriteFile(out[i], nil, 0o644)
			}
		})
	}
	wg.Wait()
	return out
}

// scoreFiles runs the scorer.
func scoreFiles(t *testing.T, bench, protos string, truths, spans []string) (scores []fileScore) {
	t.Helper()
	args := []string{filepath.Join(deviationsDir, "score.py"), bench, protos}
	for i := range truths {
		args = append(args, truths[i], spans[i])
	}
	cmd := exec.Command(toolPath(t, "python3"), args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("score.py: %v\n%s", err, &errs)
	}
	for l := range bytes.Lines(out) {
		var f fileScore
		if err := json.Unmarshal(l, &f); err != nil {
			t.Fatal(err)
		}
		scores = append(scores, f)
	}
	return scores
}

// TestSpanScores scores the spans of the shared captures against tshark's
// truth. What deviates and is right is in testdata/deviations/spans.md.
func TestSpanScores(t *testing.T) {
	t.Parallel()
	bench := sharedCapture(t, "bench")
	var captures, truths []string
	for _, folder := range scored {
		c, tr := withTruth(folder)
		captures, truths = append(captures, c...), append(truths, tr...)
	}
	sum := make(map[string]int)
	rows := explanations(t, "spans.md")
	for _, f := range scoreFiles(t, bench, "http,dns", truths, analyseAll(t, captures, t.TempDir())) {
		for k, n := range f.Counts {
			sum[k] += n
		}
		for _, d := range f.Deviations {
			switch {
			case explain(rows, f.File, d):
				sum["explained_"+d.Kind]++
			case d.Kind == "swapped":
				t.Errorf("%s: direction swapped: %s | %s", f.File, d.What, d.Span)
			default:
				t.Logf("%s: %s: %s | %s", f.File, d.Kind, d.What, d.Span)
			}
		}
	}
	allUsed(t, "spans.md", rows)
	fieldsOK, fields := fieldsOf(sum)
	checkShare(t, "recall", sum["pair_hit"]+sum["explained_missed"], sum["pair"])
	checkShare(t, "recall of unanswered requests", sum["half_hit"]+sum["explained_half"], sum["half"])
	checkShare(t, "precision", sum["spans_ok"]+sum["explained_extra"], sum["spans"]-sum["uncovered"])
	checkShare(t, "fields", fieldsOK, fields)
}

// allUsed fails when a row of a table explains more or less than there is.
func allUsed(t *testing.T, table string, rows []*explained) {
	t.Helper()
	for _, r := range rows {
		if r.used != r.n {
			t.Errorf("%s:%d: explains %d deviations %q of %s, there are %d: fix the table", table, r.line, r.n, r.kind, r.file, r.used)
		}
	}
}

func checkShare(t *testing.T, what string, ok, of int) {
	t.Helper()
	share := float64(ok) / float64(max(of, 1))
	t.Logf("%s: %d of %d, %.2f %%", what, ok, of, 100*share)
	if share < wanted || of == 0 {
		t.Errorf("%s is %.2f %%, want %.2f %%", what, 100*share, 100*wanted)
	}
}
