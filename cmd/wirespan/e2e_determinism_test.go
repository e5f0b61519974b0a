package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// sameFormats are the outputs that must not depend on how the input was read.
var sameFormats = []string{"otlp", "otlp-proto", "ndjson"}

// TestDeterminism holds that the same packets give the same bytes: with 1, 2
// and 4 workers, from a file, from standard input, packed with gzip and zstd,
// and cut into seven files of one rotation.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	inputs := map[string][]string{
		"demo":     demoCaptures(),
		"edge":     demoCaptures()[:1],
		"siblings": {goldenCapture("http-siblings")},
		"vxlan":    {goldenCapture("vxlan-fragments")},
		"contexts": {goldenCapture("contexts")},
		"pipeline": {goldenCapture("http-pipeline")},
	}
	if _, err := os.Stat(sharedDir); err == nil {
		c := filepath.Join(sharedDir, "captures")
		inputs["chain"] = []string{filepath.Join(c, "chain", "debian-chain_haproxy_nginx.pcap")}
		inputs["lab-f1"] = []string{filepath.Join(c, "lab", "f1", "bridge.pcap"), filepath.Join(c, "lab", "f1", "gw.pcap"), filepath.Join(c, "lab", "f1", "db.pcap")}
		for _, n := range []string{"zeek-http_cooper-grill-dvwa.pcapng", "zeek-web.pcap", "pcpp-4KHttpRequests.pcap", "arkime-socks-http-example.pcap", "zeek-http_m57-long-49583-80.pcap"} {
			inputs[n] = []string{filepath.Join(c, "http1", n)}
		}
	}
	for name, files := range inputs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkSame(t, files)
		})
	}
}

// checkSame compares every way of reading some files.
func checkSame(t *testing.T, files []string) {
	points := make([]string, len(files))
	for i := range files {
		points[i] = fmt.Sprintf("p%d", i)
	}
	plain := pointed(points, files)
	want := allFormats(t, nil, plain...)
	if len(want["ndjson"]) == 0 {
		t.Fatal("no spans at all")
	}
	for _, workers := range []string{"1", "2", "4"} {
		diffFormats(t, workers+" workers", want, allFormats(t, nil, append(plain, "--workers", workers)...))
	}
	dir := t.TempDir()
	for _, packed := range []string{"gz", "zst"} {
		var list []string
		for i, f := range files {
			path := filepath.Join(dir, fmt.Sprintf("f%d.%s", i, packed))
			if err := os.WriteFile(path, pack(t, packed, readFile(t, f)), 0o644); err != nil {
				t.Fatal(err)
			}
			list = append(list, path)
		}
		diffFormats(t, packed, want, allFormats(t, nil, pointed(points, list)...))
	}
	if len(files) > 1 {
		return
	}
	diffFormats(t, "standard input", want, allFormats(t, readFile(t, files[0]), "--point", "p0=-"))
	diffFormats(t, "gzip on standard input", want, allFormats(t, pack(t, "gz", readFile(t, files[0])), "--point", "p0=-"))
	if parts := rotate(t, dir, files[0], 7); parts != nil {
		diffFormats(t, "seven files joined", want, allFormats(t, nil, "--point", "p0="+strings.Join(parts, "+")))
		diffFormats(t, "a rotation in a directory", want, allFormats(t, nil, "--point", "p0="+filepath.Dir(parts[0])))
	}
}

// pointed makes --point arguments.
func pointed(names, files []string) []string {
	var args []string
	for i := range files {
		args = append(args, "--point", names[i]+"="+files[i])
	}
	return args
}

// allFormats writes all of sameFormats in one run.
func allFormats(t *testing.T, stdin []byte, args ...string) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	for _, f := range sameFormats {
		args = append(args, "--out", f+":"+filepath.Join(dir, f))
	}
	if stdin == nil {
		mustRead(t, 0, args...)
	} else if o := wirespanOn(t, bytes.NewReader(stdin), append([]string{"read"}, args...)...); o.code != 0 {
		t.Fatalf("exit status %d: %s", o.code, o.stderr)
	}
	out := make(map[string][]byte)
	for _, f := range sameFormats {
		out[f] = readFile(t, filepath.Join(dir, f))
	}
	return out
}

// diffFormats shows the first span that differs.
func diffFormats(t *testing.T, how string, want, got map[string][]byte) {
	t.Helper()
	for _, f := range sameFormats {
		if bytes.Equal(want[f], got[f]) {
			continue
		}
		if f == "otlp-proto" {
			t.Errorf("%s: %s differs", how, f)
			continue
		}
		a, b := strings.Split(string(want[f]), "\n"), strings.Split(string(got[f]), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("%s: %s differs at line %d of %d and %d (-want +got):\n%s", how, f, i+1, len(a), len(b),
					cmp.Diff(strings.Split(a[i], ","), strings.Split(b[i], ",")))
				break
			}
		}
		if len(a) != len(b) {
			t.Errorf("%s: %s has %d lines, want %d", how, f, len(b), len(a))
		}
	}
}

func pack(t *testing.T, form string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if form == "gz" {
		w := gzip.NewWriter(&out)
		_, _ = w.Write(b)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	w, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rotate cuts a little-endian pcap file into n files of about equal numbers of
// packets, as tcpdump -C does; nil if it is of another kind or too short.
func rotate(t *testing.T, dir, path string, n int) []string {
	t.Helper()
	b := readFile(t, path)
	if len(b) < 24 || binary.LittleEndian.Uint32(b)&0xffff0000 != 0xa1b20000 {
		return nil
	}
	var ends []int
	for at := 24; at+16 <= len(b); {
		at += 16 + int(binary.LittleEndian.Uint32(b[at+8:]))
		ends = append(ends, at)
	}
	if len(ends) < n {
		return nil
	}
	dir = filepath.Join(dir, "rotation")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var parts []string
	from := 24
	for i := range n {
		to := ends[(i+1)*len(ends)/n-1]
		part := filepath.Join(dir, fmt.Sprintf("capture.pcap%d", i))
		if err := os.WriteFile(part, append(bytes.Clone(b[:24]), b[from:to]...), 0o644); err != nil {
			t.Fatal(err)
		}
		parts, from = append(parts, part), to
	}
	return parts
}

// TestRotationArguments holds that seven files of one rotation given one after
// another, in any order, are one capture point.
func TestRotationArguments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parts := rotate(t, dir, demoCaptures()[0], 7)
	want := forestOf(spansOf(t, demoCaptures()[0]))
	parts[0], parts[5] = parts[5], parts[0]
	spans := spansOf(t, parts...)
	if d := cmp.Diff(want, forestOf(spans)); d != "" {
		t.Errorf("trees (-whole +parts):\n%s", d)
	}
	for i := range spans {
		if a, b := spans[i].str("wirespan.capture.point"), spans[0].str("wirespan.capture.point"); a != b {
			t.Fatalf("two capture points, %s and %s", a, b)
		}
	}
}
