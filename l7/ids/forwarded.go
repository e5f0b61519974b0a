package ids

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// ForwardedClient returns the address of the client that a proxy named: the
// leftmost element of X-Forwarded-For, else the first for= of Forwarded (RFC
// 7239), else the value of another forwarding header in the order of the
// message. Brackets, ports and quotes are cut off; elements that are no
// address ("unknown", obfuscated names) are passed over. The result is a
// subslice of a value, nil if there is none.
func ForwardedClient(ids []l7.ID) []byte {
	var rfc, other []byte
	for i := range ids {
		id := &ids[i]
		if id.Class != l7.IDForwarded {
			continue
		}
		switch {
		case equal(id.Name, "x-forwarded-for"):
			if a := firstAddress(id.Value); a != nil {
				return a
			}
		case equal(id.Name, "forwarded"):
			if rfc == nil {
				rfc = forwardedFor(id.Value)
			}
		case other == nil:
			other = firstAddress(id.Value)
		}
	}
	if rfc != nil {
		return rfc
	}
	return other
}

// firstAddress finds the first address of a comma-separated list.
func firstAddress(v []byte) []byte {
	for v != nil {
		var el []byte
		el, v = cursor.Cut(v, ',')
		if a := address(el); a != nil {
			return a
		}
	}
	return nil
}

// forwardedFor finds the first address in a for= parameter (RFC 7239, 4).
func forwardedFor(v []byte) []byte {
	for len(v) > 0 {
		end, quoted := 0, false
		for ; end < len(v) && (quoted || v[end] != ',' && v[end] != ';'); end++ {
			if v[end] == '"' {
				quoted = !quoted
			}
		}
		if key, val := cursor.Cut(v[:end], '='); cursor.EqualFold(cursor.TrimOWS(key), "for") {
			if a := address(val); a != nil {
				return a
			}
		}
		v = v[min(end+1, len(v)):]
	}
	return nil
}

// address strips quotes, brackets and port from a node (RFC 7239, 6) and
// returns nil unless what is left looks like an IP address.
func address(b []byte) []byte {
	b = cursor.TrimOWS(b)
	if len(b) > 1 && b[0] == '"' && b[len(b)-1] == '"' {
		b = cursor.TrimOWS(b[1 : len(b)-1])
	}
	if len(b) > 0 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			return nil
		}
		b = b[1:end]
	} else if i := bytes.IndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[i+1:], ':') < 0 {
		b = b[:i]
	}
	if len(b) == 0 || len(b) > 45 {
		return nil
	}
	dots, colons := 0, 0
	for i, c := range b {
		switch {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c == '%' && i > 0 && colons > 1: // zone
			return b[:i]
		case !cursor.IsHex(c), colons == 0 && !cursor.IsDigit(c) && bytes.IndexByte(b, ':') < 0:
			return nil
		}
	}
	if dots == 3 || colons > 1 {
		return b
	}
	return nil
}
