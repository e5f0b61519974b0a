package mongodb

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// seenBy is a message as tshark reads it.
type seenBy struct {
	opcode       string
	names, texts []string // of all elements
}

// TestTshark compares with tshark what a real server and a real client said:
// ids, commands, and errors by name.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark: ", err)
	}
	files, _ := filepath.Glob(dir + "/ferretdb-*.pcap")
	if len(files) == 0 {
		t.Fatal("no captures")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := dissected(t, file)
			r, err := l7test.PlayCapture(file, Proto())
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, c := range r.Conns {
				for _, m := range c.Messages {
					n++
					compare(t, m, want)
				}
			}
			if n != len(want) {
				t.Errorf("%d messages, tshark has %d", n, len(want))
			}
		})
	}
}

// compare looks a message up by direction and id, which are those of one
// client process and so occur once.
func compare(t *testing.T, m l7test.Message, want map[string]seenBy) {
	key := fmt.Sprint(m.Dir, " ", m.Match)
	w, ok := want[key]
	if !ok {
		t.Errorf("%s %q: not in tshark's", key, m.Op)
		return
	}
	if w.names[0] == "" {
		return // zstd, which tshark does not unpack
	}
	if m.Dir == "request" {
		if w.names[0] != m.Op || !slices.Contains(m.Attrs, "wirespan.mongodb.opcode="+w.opcode) {
			t.Errorf("%s: got %q %v, tshark has %s %q", key, m.Op, m.Attrs, w.opcode, w.names[0])
		}
		return
	}
	if named := slices.Contains(w.names, "codeName"); named && !slices.Contains(w.texts, m.Error) || (m.Error != "") != slices.Contains(w.names, "code") {
		t.Errorf("%s: got error %q, tshark has %v %v", key, m.Error, w.names, w.texts)
	}
}

// dissected are the messages of a capture by direction and id.
func dissected(t *testing.T, file string) map[string]seenBy {
	t.Helper()
	args := []string{"-r", file, "-Y", "mongo", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=\x1f"}
	for _, port := range []string{"27017", "27018"} {
		args = append(args, "-d", "tcp.port=="+port+",mongo")
	}
	for _, f := range []string{"tcp.dstport", "request_id", "response_to", "opcode", "compression.original_opcode", "element.name", "element.value.string"} {
		if !strings.Contains(f, "port") {
			f = "mongo." + f
		}
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]seenBy{}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		w := seenBy{opcode: f[3], names: strings.Split(f[5], "\x1f"), texts: strings.Split(f[6], "\x1f")}
		if f[4] != "" {
			w.opcode = f[4]
		}
		w.opcode = map[string]string{"2004": "OP_QUERY", "2013": "OP_MSG", "1": "OP_REPLY"}[w.opcode]
		key := "request " + decimal(t, f[1])
		if f[0] != "27017" && f[0] != "27018" {
			key = "response " + decimal(t, f[2])
		}
		all[key] = w
	}
	return all
}

func decimal(t *testing.T, hex string) string {
	n, err := strconv.ParseUint(hex, 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatUint(n, 10)
}
