package http1

import (
	"math"

	"github.com/wirespan/wirespan/l7/cursor"
)

// coding is what all Transfer-Encoding fields of a message say together.
type coding uint8

const (
	noCoding coding = iota // absent, or nothing but identity
	chunked                // chunked is the last coding, and applied once
	twice                  // chunked is the last coding, and was applied before
	foreign                // another coding is the last one
)

// add reads one more field value, a list of codings (RFC 9112, 6.1).
func (c coding) add(v []byte) coding {
	for v != nil {
		var el []byte
		el, v = cursor.Cut(v, ',')
		el = cursor.TrimOWS(el)
		switch {
		case len(el) == 0:
		case cursor.EqualFold(el, "chunked"):
			if c == noCoding {
				c = chunked
			} else {
				c = c.afterCoding()
			}
		case c == noCoding && cursor.EqualFold(el, "identity"):
		default:
			c = foreign
		}
	}
	return c
}

// afterCoding is chunked behind other codings. Which ones they were is lost
// once another coding was seen; a second chunked is told from a first one.
func (c coding) afterCoding() coding {
	if c == foreign {
		return chunked
	}
	return twice
}

// maxLength is the longest body that is believed.
const maxLength = math.MaxInt64 >> 2

// contentLength reads one more Content-Length; a list of equal values is one
// value (RFC 9112, 6.3, item 5).
func (f *fields) contentLength(v []byte) {
	if n, ok := cursor.Decimal(v); ok && n <= maxLength && f.length < 0 {
		f.length = int64(n)
		return
	}
	for first := true; first || v != nil; first = false {
		var el []byte
		el, v = cursor.Cut(v, ',')
		n, ok := cursor.Decimal(cursor.TrimOWS(el))
		if !ok || n > maxLength || f.length >= 0 && f.length != int64(n) {
			f.bad = true
			return
		}
		f.length = int64(n)
	}
}

// framing says where a body ends.
type framing uint8

const (
	bodyless framing = iota
	counted          // after Content-Length bytes
	inChunks
	toTheEnd // with the connection
	unknowable
)

// ofRequest decides as RFC 9112, 6.3, says for requests.
func (f *fields) ofRequest() framing {
	switch {
	case f.spaced, f.coding == foreign, f.coding == twice:
		return unknowable
	case f.coding == chunked:
		return inChunks
	case f.bad:
		return unknowable
	case f.length > 0:
		return counted
	}
	return bodyless
}

// ofResponse decides for responses that may have a body.
func (f *fields) ofResponse() framing {
	switch {
	case f.coding == foreign:
		return toTheEnd
	case f.coding != noCoding:
		return inChunks
	case f.bad:
		return unknowable
	case f.length > 0:
		return counted
	case f.length == 0:
		return bodyless
	}
	return toTheEnd
}
