package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGolden compares the spans of every recorded capture with those that are
// stored beside it; -update rewrites them.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	cases := make(map[string][]string)
	for _, f := range files {
		cases[strings.TrimSuffix(f, ".pcap")] = []string{f}
	}
	cases[filepath.Join(demoDir, "demo")] = demoCaptures()
	for base, inputs := range cases {
		t.Run(filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			b := outputOf(t, "ndjson", inputs...)
			checkSound(t, filepath.Base(base), b)
			got := sortedSpans(t, b)
			path := base + ".golden.json"
			if e2eUpdate() {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(readFile(t, path)), string(got)); d != "" {
				t.Errorf("%s (-want +got; -update rewrites):\n%s", path, d)
			}
		})
	}
}

// TestGoldenExplained wants an origin for every recorded capture, and no more
// of it than a test needs.
func TestGoldenExplained(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	for _, f := range append(files, demoCaptures()...) {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if st.Size() >= 64<<10 {
			t.Errorf("%s has %d bytes, want less than 64 KiB", f, st.Size())
		}
		if filepath.Dir(f) == filepath.Clean(goldenDir) {
			md := readFile(t, strings.TrimSuffix(f, ".pcap")+".md")
			if !bytes.Contains(md, []byte("testdata/make/")) || bytes.Count(md, []byte("\n")) != 1 {
				t.Errorf("%s: want one line that names the script that recorded it: %s", f, md)
			}
		}
	}
}

// sortedSpans makes of ndjson one indented array, sorted by start and span id.
func sortedSpans(t *testing.T, b []byte) []byte {
	t.Helper()
	type row struct {
		start int64
		id    string
		span  any
	}
	var rows []row
	for l := range bytes.Lines(b) {
		d := json.NewDecoder(bytes.NewReader(l))
		d.UseNumber()
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		start, _ := v["start_ns"].(json.Number).Int64()
		rows = append(rows, row{start, v["span_id"].(string), v})
	}
	sort.Slice(rows, func(i, j int) bool {
		if rows[i].start != rows[j].start {
			return rows[i].start < rows[j].start
		}
		return rows[i].id < rows[j].id
	})
	list := make([]any, len(rows))
	for i := range rows {
		list[i] = rows[i].span
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(list); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
