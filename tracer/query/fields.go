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
	protocol // an attribute here, of stored spans also what stands for it
	signal   // an attribute here, a field of stored spans
	agent    // stored spans only
	instance
	address // of either side
	anyID   // request IDs, whatever their names
	anyText // every text of a span
)

// field says where a value comes from.
type field struct {
	kind  fieldKind
	key   span.Key
	typ   string     // type of an attribute, as in span.KeyDoc
	names []string   // of the attribute on spans of any program, older names last
	codes []span.Key // of status: where protocols put their codes
}

// textual reports fields whose addresses are text like any other.
func (f *field) textual() bool { return f.kind == name || f.kind == service || f.kind == anyID }

// shortForms are the fields that are no attributes, or attributes that people
// ask for often.
var shortForms = []struct {
	name   string
	f      field
	stored bool // of stored spans only
}{
	{name: "name", f: field{kind: name}},
	{name: "service", f: field{kind: service}},
	{name: "kind", f: field{kind: kind}},
	{name: "status", f: field{kind: status, names: storedCodes}},
	{name: "duration", f: field{kind: duration}},
	{name: "trace", f: field{kind: traceID}},
	{name: "span", f: field{kind: spanID}},
	{name: "parent", f: field{kind: parentID}},
	{name: "protocol", f: field{kind: protocol, key: span.KeyNetworkProtocolName}},
	{name: "client", f: field{kind: client}},
	{name: "server", f: field{kind: server}},
	{name: "address", f: field{kind: address}},
	{name: "point", f: field{key: span.KeyCapturePoint, names: []string{"wirespan.capture.point"}}},
	{name: "error", f: field{kind: isError}},
	{name: "start", f: field{kind: start}},
	{name: "method", f: field{key: span.KeyHTTPRequestMethod, names: []string{"http.request.method", "http.method"}}},
	{name: "path", f: field{key: span.KeyURLPath, names: []string{"url.path", "http.target"}}},
	{name: "port", f: field{key: span.KeyServerPort, names: []string{"server.port", "net.peer.port", "net.host.port"}}},
	{name: "instance", f: field{kind: instance}},
	{name: "signal", f: field{kind: signal, key: span.KeySignal}},
	{name: "id", f: field{kind: anyID}},
	{name: "any", f: field{kind: anyText}},
	{name: "agent", f: field{kind: agent}, stored: true},
}

// storedCodes is statusCodes with the names that older SDKs use.
var storedCodes = []string{
	"http.response.status_code", "rpc.status_code", "db.response.status_code", "dns.response_code", "http.status_code", "rpc.grpc.status_code",
}

// statusCodes are the attributes that "status" reads, in this order.
var statusCodes = []string{"http.response.status_code", "rpc.status_code", "db.response.status_code", "dns.response_code"}

func lookup(text string, keys *span.Keys, stored bool) (f field, msg string) {
	for _, s := range shortForms {
		if strings.EqualFold(s.name, text) && (stored || !s.stored) {
			f = s.f
			if f.kind == attribute || f.kind == protocol {
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
		return field{key: k, typ: keys.Doc(k).Type, names: []string{text}}, ""
	}
	near, d := suggest(text, keys)
	if strings.Contains(strings.Trim(text, "."), ".") && (stored || near == "" || d > 2) {
		return field{kind: unknown, names: []string{text}}, ""
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
