package fastcgi

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// detect looks at the first record. The beginning of a request has sixteen
// bytes of which hardly one is free; a response shows by the header that its
// output begins with, or by its end.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) > 0 && b[0] != 1 || len(b) > 1 && !plausible(dir, b[1]) || len(b) > 7 && b[7] != 0 {
		return l7.No
	}
	if len(b) < headSize {
		return l7.NeedMore
	}
	r, ok := readRecord(b, dir == l7.ToServer)
	if !ok {
		return l7.No
	}
	c := b[headSize:]
	switch r.kind {
	case beginRequest:
		if len(c) < 8 {
			return l7.NeedMore
		}
		if c[0] != 0 || c[1] < responder || c[1] > filter || c[2] > 1 || !zero(c[3:8]) {
			return l7.No
		}
		return l7.Yes
	case endRequest:
		if len(c) < 8 {
			return l7.NeedMore
		}
		if c[4] > 3 || !zero(c[5:8]) {
			return l7.No
		}
		return l7.Yes
	case stdout:
		return detectOutput(c[:min(len(c), r.size)], r.size)
	case stderr:
		return l7.Maybe
	case getValues, getValuesResult:
		if name, _, _, ok := pair(c[:min(len(c), r.size)]); ok && len(name) > 5 && string(name[:5]) == "FCGI_" {
			return l7.Yes
		}
		if len(c) < min(r.size, 64) {
			return l7.NeedMore
		}
	}
	return l7.No
}

// plausible reports whether a connection may begin with a record of this type.
func plausible(dir l7.Dir, kind byte) bool {
	switch kind {
	case beginRequest, getValues:
		return dir == l7.ToServer
	case endRequest, stdout, stderr, getValuesResult:
		return dir == l7.ToClient
	}
	return false
}

// detectOutput wants the name of a header field.
func detectOutput(c []byte, size int) l7.Verdict {
	n := cursor.TokenLen(c)
	switch {
	case n > 64 || n == 0 && len(c) > 0 || size < 4:
		return l7.No
	case n == len(c):
		if n == size {
			return l7.No
		}
		return l7.NeedMore
	case c[n] == ':':
		return l7.Yes
	}
	return l7.No
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
