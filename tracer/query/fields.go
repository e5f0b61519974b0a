package query

import (
	"fmt"
	"strings"

	"github.com/wirespan/wirespan/tracer/span"
)

type fieldKind uint8

const (
	attribute fieldKind = iota
	unknown             // an attribute that no protocol of this build sets
	name
	service
	kind
	status
	duration
	traceID
	spanID
	parentID
	client
	server
	isError
	start
)

// field says where a value comes from.
type field struct {
	kind  fieldKind
	key   span.Key
	typ   string     // type of an attribute, as in span.KeyDoc
	codes []span.Key // of status: where protocols put their codes
}

// shortForms are the fields that are no attributes, or attributes that people
// ask for often.
var shortForms = []struct {
	name string
	f    field
}{
	{"name", field{kind: name}},
	{"service", field{kind: service}},
	{"kind", field{kind: kind}},
	{"status", field{kind: status}},
	{"duration", field{kind: duration}},
	{"trace", field{kind: traceID}},
	{"span", field{kind: spanID}},
	{"parent", field{kind: parentID}},
	{"protocol", field{key: span.KeyNetworkProtocolName}},
	{"client", field{kind: client}},
	{"server", field{kind: server}},
	{"point", field{key: span.KeyCapturePoint}},
	{"error", field{kind: isError}},
	{"start", field{kind: start}},
	{"method", field{key: span.KeyHTTPRequestMethod}},
	{"path", field{key: span.KeyURLPath}},
	{"port", field{key: span.KeyServerPort}},
}

// statusCodes are the attributes that "status" reads, in this order.
var statusCodes = []string{"http.response.status_code", "rpc.status_code", "db.response.status_code", "dns.response_code"}

func lookup(text string, keys *span.Keys) (f field, msg string) {
	for _, s := range shortForms {
		if strings.EqualFold(s.name, text) {
			f = s.f
			if f.kind == attribute {
				f.typ = keys.Doc(f.key).Type
			}
			if f.kind == status {
				for _, n := range statusCodes {
					if k, ok := keys.Lookup(n); ok {
						f.codes = append(f.codes, k)
					}
				}
			}
			return f, ""
		}
	}
	if k, ok := keys.Lookup(text); ok {
		return field{key: k, typ: keys.Doc(k).Type}, ""
	}
	near, d := suggest(text, keys)
	if strings.Contains(strings.Trim(text, "."), ".") && (near == "" || d > 2) {
		return field{kind: unknown}, ""
	}
	if near != "" {
		return f, fmt.Sprintf("unknown field %q, did you mean %q?", text, near)
	}
	return f, fmt.Sprintf("unknown field %q", text)
}

// suggest finds the field whose name is nearest: as an end of it
// ("status_code"), or by edits.
func suggest(text string, keys *span.Keys) (near string, distance int) {
	text = strings.ToLower(text)
	distance = max(2, len(text)/3) + 1
	try := func(n string) {
		d := distance
		if len(text) >= 4 && strings.HasSuffix(n, "."+text) {
			d = 1
		} else if len(n) <= len(text)+distance && len(text) <= len(n)+distance {
			d = edits(text, n)
		}
		if d < distance {
			near, distance = n, d
		}
	}
	for _, s := range shortForms {
		try(s.name)
	}
	for i := range keys.Len() {
		try(keys.Name(span.Key(i)))
	}
	return near, distance
}

// edits is the number of insertions, deletions, replacements and swaps of
// neighbours between two words (optimal string alignment).
func edits(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return 1 << 20
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
