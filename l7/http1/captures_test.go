package http1

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7/l7test"
)

const captures = "../../../shared/captures/http1"

// deviations are captures that tshark reads otherwise, and why we do not.
var deviations = map[string]string{
	"ndpi-WebattackRCE":                             "a target with spaces, which tshark cuts at the first",
	"ndpi-http-manipulated":                         "spaces before the target, which tshark takes for its end",
	"nfstream-pcaps_http-manipulated":               "spaces before the target, which tshark takes for its end",
	"ndpi-soap":                                     "requests whose bodies are not in the capture",
	"pcpp-4KHttpRequests":                           "requests whose bodies are not in the capture",
	"pcpp-650HttpResponses":                         "responses whose bodies are not in the capture",
	"suricata-http-connect_http-connect-simple":     "HTTP within a tunnel",
	"suricata-http-connect_http-connect-fragmented": "HTTP within a tunnel",
	"zeek-http_methods":                             "a request line without target, whose version tshark takes for it",
	"zeek-http_no-uri":                              "a request line without target, whose version tshark takes for it",
	"zeek-ipv6-http-atomic-frag":                    "HTTP/0.9",
	"zeek-http_query-method":                        "tshark does not know QUERY",
}

// Messages of captures that others made, compared with what tshark found.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(captures, "*.truth.ndjson"))
	if err != nil || len(files) == 0 {
		t.Skip("the shared captures are not here")
	}
	for _, truth := range files {
		name := strings.TrimSuffix(filepath.Base(truth), ".truth.ndjson")
		t.Run(name, func(t *testing.T) {
			want := truthOf(t, truth)
			got := messagesOf(t, strings.TrimSuffix(truth, ".truth.ndjson"))
			diff := cmp.Diff(want, got)
			switch why := deviations[name]; {
			case diff != "" && why == "":
				t.Errorf("(-tshark +parser):\n%s", diff)
			case diff == "" && why != "":
				t.Errorf("no deviation any more: %s", why)
			}
		})
	}
}

func truthOf(t *testing.T, file string) (all []string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var x struct {
			Proto, L4, Method, Resource string
			Status                      int
			Version                     string
		}
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		if x.Proto != "http" {
			continue
		}
		if x.Method != "" {
			all = append(all, strings.ToValidUTF8(x.Method+" "+x.Resource, "?"))
		}
		if x.Status >= 200 || x.Status == 101 {
			all = append(all, fmt.Sprint(x.Status))
		}
	}
	sort.Strings(all)
	return all
}

func messagesOf(t *testing.T, base string) (all []string) {
	for _, ext := range []string{".pcap", ".pcapng", ".cap"} {
		if _, err := os.Stat(base + ext); err != nil {
			continue
		}
		r, err := l7test.PlayCapture(base+ext, Proto())
		if err != nil {
			t.Skip(err)
		}
		if r == nil {
			t.Skip("l7test does not decode this capture")
		}
		for _, c := range r.Conns {
			for _, m := range c.Messages {
				switch m.Kind {
				case "request":
					all = append(all, strings.ToValidUTF8(m.Op+" "+m.Resource, "?"))
				case "response":
					all = append(all, fmt.Sprint(m.Code))
				}
			}
		}
	}
	sort.Strings(all)
	return all
}
