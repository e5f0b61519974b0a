package cassandra

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// TestTshark compares with tshark what real clients and a server that is not
// ours said: streams, opcodes, error codes and rows. It reads versions 3 and 4.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark: ", err)
	}
	files, _ := filepath.Glob(dir + "/*-*.pcap")
	compared := 0
	for _, file := range files {
		if strings.Contains(file, "v5") {
			continue
		}
		compared++
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := dissected(t, file)
			r, err := l7test.PlayCapture(file, Proto())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Conns {
				for _, m := range c.Messages {
					i := slices.IndexFunc(want, func(w string) bool { return w == summary(m) || w == strings.TrimRight(summary(m), "0123456789") })
					if i < 0 {
						t.Errorf("tshark does not have %q: %s %v", summary(m), m.Op, m.Attrs)
						continue
					}
					want = slices.Delete(want, i, i+1)
				}
			}
			if len(want) > 0 {
				t.Errorf("only tshark has %q", want)
			}
		})
	}
	if compared == 0 {
		t.Error("no captures")
	}
}

// summary is what both tell of a message.
func summary(m l7test.Message) string {
	rows := ""
	for _, a := range m.Attrs {
		if v, ok := strings.CutPrefix(a, "db.response.returned_rows="); ok {
			rows = v
		}
	}
	if m.Dir == "request" {
		return fmt.Sprintf("request %d.", m.Match)
	}
	return fmt.Sprintf("response %d error %d rows %s", m.Match, m.Code, rows)
}

// dissected are the messages of a capture as tshark reads them, in the form of
// summary. It tells no rows behind warnings, and which of several frames of one
// segment has how many is not to be seen in its output.
func dissected(t *testing.T, file string) (all []string) {
	t.Helper()
	args := []string{"-r", file, "-o", "tcp.desegment_tcp_streams:TRUE", "-Y", "cql", "-T", "fields", "-E", "aggregator=;"}
	for _, f := range []string{"tcp.dstport", "cql.stream", "cql.opcode", "cql.error_code", "cql.result.rows.row_count"} {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		codes, rows := strings.Split(f[3], ";"), strings.Split(f[4], ";")
		take := func(from *[]string) (s string) { // of the next message that has one
			if len(*from) > 0 {
				s, *from = (*from)[0], (*from)[1:]
			}
			return s
		}
		for i, stream := range strings.Split(f[1], ";") {
			op := strings.Split(f[2], ";")[i]
			var n uint16
			fmt.Sscan(stream, &n)
			if strings.HasPrefix(stream, "-") {
				n = 1<<16 - 1 // events
			}
			if f[0] == "9042" {
				all = append(all, fmt.Sprintf("request %d.", n))
				continue
			}
			code, row := "", ""
			if op == "0" {
				code = take(&codes)
			} else if op == "8" && len(strings.Split(f[1], ";")) == 1 {
				row = take(&rows)
			}
			if code == "" {
				code = "0"
			}
			var c int
			fmt.Sscan(code, &c)
			all = append(all, fmt.Sprintf("response %d error %d rows %s", n, c, row))
		}
	}
	return all
}
