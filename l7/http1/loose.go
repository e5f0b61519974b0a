package http1

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// looseLine reads a request line that RFC 9112, 3, does not allow and that
// servers answer all the same, if only with 400: the target or the version is
// missing or misspelt. It is believed where a request is due and nowhere else.
func looseLine(line []byte) (method, target, version []byte, ok bool) {
	method, rest := cursor.Cut(line, ' ')
	known := knownMethod(method)
	if len(method) == 0 || len(method) > maxMethod || !known && !otherMethod(method) {
		return nil, nil, nil, false
	}
	for _, c := range rest {
		if cursor.IsControl(c) {
			return nil, nil, nil, false
		}
	}
	target = cursor.TrimOWS(rest)
	if !known && (len(target) == 0 || target[0] != '/' && target[0] != '*') {
		return nil, nil, nil, false
	}
	i := bytes.LastIndexByte(target, ' ')
	if word, isVersion := bytes.CutPrefix(target[i+1:], []byte("HTTP/")); isVersion {
		if len(word) > len("1.1x") || len(word) > 0 && word[0] > '1' && cursor.IsDigit(word[0]) {
			return nil, nil, nil, false
		}
		if len(word) == len("1.1") {
			version = word
		}
		return method, cursor.TrimOWS(target[:max(i, 0)]), version, true
	}
	switch {
	case i >= 0, len(target) > 0 && target[0] != '/' && target[0] != '*', !known && !bytes.Contains(target, []byte("HTTP/1.")):
		return nil, nil, nil, false
	}
	return method, target, nil, true
}

// detectLoose judges a start that detectRequest refuses. It never says more
// than NeedMore: only the other side can tell that this is HTTP.
func detectLoose(b []byte) l7.Verdict {
	line, _, whole := cursor.Line(b)
	if !whole {
		line = bytes.TrimSuffix(b, []byte{'\r'})
		if len(line) == len(b) {
			return l7.No
		}
	}
	if _, _, _, ok := looseLine(line); ok {
		return l7.NeedMore
	}
	return l7.No
}
