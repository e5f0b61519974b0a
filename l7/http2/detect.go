package http2

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/hpack"
)

// Detect judges the first bytes of a direction: the preface of the client, or
// frames up to the first HEADERS, whose fields tell the direction. Frames
// before that prove nothing.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	if dir == l7.ToServer && len(b) > 0 && b[0] == preface[0] {
		if n := min(len(b), prefaceLen); string(b[:n]) != preface[:n] {
			return l7.No
		}
		if len(b) < prefaceLen {
			return l7.NeedMore
		}
		return l7.Yes
	}
	for at := 0; at < len(b); {
		rest := b[at:]
		if len(rest) < frameHead {
			return startOfFrame(rest)
		}
		f := frameAt(rest)
		if !f.strict() || at == 0 && f.kind == typeContinuation {
			return l7.No
		}
		if f.kind == typeSettings && !settings(rest[frameHead:min(len(rest), f.size())]) {
			return l7.No
		}
		if f.kind == typeHeaders {
			if v := detectHeaders(dir, &f, rest); v != l7.NeedMore || len(rest) < f.size() {
				return v
			}
		}
		if at == 0 && f.kind == typeData && len(rest) < f.size()+frameHead {
			return l7.No // nothing to go by; later segments may begin better
		}
		at += f.size()
	}
	return l7.NeedMore
}

// startOfFrame judges less than the head of a frame.
func startOfFrame(b []byte) l7.Verdict {
	if len(b) > 3 && b[3] > typeUpdate {
		return l7.No
	}
	return l7.NeedMore
}

// settings reports whether all identifiers are registered, or reserved to be
// ignored (RFC 9113, 6.5.2; https://www.iana.org/assignments/http2-parameters;
// RFC 8701).
func settings(b []byte) bool {
	for ; len(b) >= 6; b = b[6:] {
		id := uint16(b[0])<<8 | uint16(b[1])
		if id == 0 || id > 0x10 && id&0x0f0f != 0x0a0a && id < 0xf000 {
			return false
		}
	}
	return true
}

// Places of pseudo-header fields in the static table (RFC 7541, appendix A).
const (
	staticPath     = 4
	lastOfRequest  = 7
	lastOfResponse = 14
)

// detectHeaders judges a HEADERS frame by its fields: pseudo-header fields come
// first and show the direction.
func detectHeaders(dir l7.Dir, f *frame, b []byte) l7.Verdict {
	whole := len(b) >= f.size()
	fields, _, ok := f.fragment(b[frameHead:min(len(b), f.size())])
	if !ok {
		if whole {
			return l7.No
		}
		return l7.NeedMore
	}
	asked, answered, ok := pseudo(fields)
	if dir == l7.ToClient {
		asked, answered = answered, asked
	}
	switch {
	case answered > 0 || dir == l7.ToServer && f.id&1 == 0:
		return l7.No
	case whole && f.has(flagEndHeaders) && !ok:
		return l7.No
	case whole && ok && asked > 0, dir == l7.ToServer && asked > 1:
		return l7.Yes
	}
	return l7.NeedMore
}

// pseudo counts the fields of requests and of responses at the start of a
// block. ok is false when the block is cut short or damaged.
func pseudo(b []byte) (request, response int, ok bool) {
	start := true
	for len(b) > 0 {
		i, _, n, whole := hpack.Scan(b)
		if !whole {
			return request, response, false
		}
		update := b[0]&0xe0 == 0x20
		if i > lastOfResponse && i <= hpack.StaticSize || i == 0 && !update {
			start = false
		}
		if start && i > 0 && i <= lastOfRequest {
			request++
		} else if start && i > lastOfRequest && i <= lastOfResponse {
			response++
		}
		b = b[n:]
	}
	return request, response, true
}

// isPreface reports whether b begins with the preface of the client, or with
// the start of it.
func isPreface(b []byte) bool {
	n := min(len(b), prefaceLen)
	return n > 3 && bytes.Equal(b[:n], []byte(preface)[:n])
}
