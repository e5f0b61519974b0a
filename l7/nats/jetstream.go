package nats

import (
	"bytes"

	"github.com/wirespan/wirespan/l7/cursor"
)

// Subjects of JetStream (ADR-15).
var (
	apiPrefix = []byte("$JS.API.")
	ackPrefix = []byte("$JS.ACK.")
)

// delivery is what the reply subject of a JetStream message says.
type delivery struct {
	stream, consumer []byte
	sequence         uint64
}

// readDelivery reads $JS.ACK.<stream>.<consumer>.<delivered>.<stream
// sequence>.<consumer sequence>.<time>.<pending>, with domain and account before
// the stream in the newer form.
func readDelivery(reply []byte) (d delivery, ok bool) {
	rest, ok := bytes.CutPrefix(reply, ackPrefix)
	if !ok {
		return d, false
	}
	var tokens [10][]byte
	n := 0
	for len(rest) > 0 && n < len(tokens) {
		tokens[n], rest = cursor.Cut(rest, '.')
		n++
	}
	t := tokens[:n]
	if n >= 9 {
		t = t[2:]
	}
	if len(t) < 7 {
		return d, false
	}
	d.stream, d.consumer = t[0], t[1]
	d.sequence, ok = cursor.Decimal(t[3])
	return d, ok
}

// api is the name of a JetStream operation: the subject up to the name of the
// stream, which is the first token that is not in capitals.
func api(subject []byte) []byte {
	end := len(apiPrefix)
	for end < len(subject) {
		word, _ := cursor.Cut(subject[end:], '.')
		for _, c := range word {
			if c < 'A' || c > 'Z' {
				return bytes.TrimSuffix(subject[:end], dot)
			}
		}
		end = min(end+len(word)+1, len(subject))
		if end-len(apiPrefix) > 8 && (bytes.HasSuffix(subject[:end], []byte("NEXT.")) || bytes.Count(subject[len(apiPrefix):end], dot) == 2 && !bytes.Contains(subject[:end], []byte(".MSG."))) {
			break
		}
	}
	return bytes.TrimSuffix(subject[:end], dot)
}

var dot = []byte(".")

// answer is what a JetStream server answers, as far as it matters.
type answer struct {
	stream   []byte
	sequence uint64
	code     int // of an error
}

// readAnswer reads {"stream":...,"seq":...} or {...,"error":{"code":...}}, the
// objects of at most two levels.
func readAnswer(b []byte) (a answer) {
	if len(b) < 2 || b[0] != '{' {
		return a
	}
	members(b, func(depth int, parent, name, value []byte) {
		switch {
		case depth == 1 && string(name) == "stream":
			a.stream = value
		case depth == 1 && string(name) == "seq":
			a.sequence, _ = cursor.Decimal(value)
		case depth == 2 && string(parent) == "error" && string(name) == "code":
			n, _ := cursor.Decimal(value)
			a.code = int(min(n, 999))
		}
	})
	return a
}

// members calls f for the plain members of a JSON object and of the objects
// right within it. Strings are given without quotes and not unescaped; what is
// cut or damaged ends it.
func members(b []byte, f func(depth int, parent, name, value []byte)) {
	var parent, name []byte
	depth := 0
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '{' || c == '[':
			if depth++; depth == 2 {
				parent = name
			}
			name = nil
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == '"':
			end := stringEnd(b, i)
			if end < 0 {
				return
			}
			s := b[i+1 : end-1]
			if i = end; i < len(b) && b[i] == ':' {
				name = s
				i++
			} else if name != nil {
				f(depth, parent, name, s)
				name = nil
			}
		case c == ',' || c == ' ' || c == ':' || c == '\n' || c == '\t':
			i++
		default:
			from := i
			for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' {
				i++
			}
			if name != nil && i < len(b) {
				f(depth, parent, name, b[from:i])
			}
			name = nil
		}
	}
}

// stringEnd is the place behind a string that begins at i; -1 if it is cut.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
