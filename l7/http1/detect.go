package http1

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

const (
	maxMethod   = 24      // longest method that is accepted
	longest     = 8 << 10 // longest request line that Resync waits for
	patience    = 1 << 10 // bytes of a first line after which Detect says Maybe
	versionSize = len(" HTTP/1.1")
	statusSize  = len("HTTP/1.1 200")
)

// knownMethod reports whether m is registered with IANA
// (https://www.iana.org/assignments/http-methods) or in wide use.
func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "MKCALENDAR",
		"MKACTIVITY", "CHECKOUT", "CHECKIN", "MERGE", "ACL", "BIND", "UNBIND", "REBIND", "LINK", "UNLINK", "LABEL", "VERSION-CONTROL",
		"UNCHECKOUT", "UPDATE", "BASELINE-CONTROL", "MKWORKSPACE", "MKREDIRECTREF", "UPDATEREDIRECTREF", "ORDERPATCH",
		"PURGE", "BAN", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "M-SEARCH", "SOURCE",
		"BPROPFIND", "BPROPPATCH", "BCOPY", "BMOVE", "BDELETE", "POLL", "RPC_IN_DATA", "RPC_OUT_DATA":
		return true
	}
	return false
}

// otherMethod reports whether m may be a method that nobody has registered. The
// end of a body runs into the method behind it ("a=bGET"); that is none.
func otherMethod(m []byte) bool {
	for i := 1; i < len(m); i++ {
		if m[i-1] != '-' && m[i-1] != '_' && knownMethod(m[i:]) {
			return false
		}
	}
	return methodLen(m) == len(m)
}

// methodLen is the length of what may be a method at the start of b. Methods
// are tokens, but nobody uses more than letters, digits, '-' and '_'.
func methodLen(b []byte) int {
	for i, c := range b {
		if !cursor.IsAlpha(c) && !cursor.IsDigit(c) && c != '-' && c != '_' {
			return i
		}
	}
	return len(b)
}

// Detect judges the first bytes of a direction. A request line or a status
// line must be complete up to its version or status for a Yes.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	if dir == l7.ToClient {
		return detectStatus(b)
	}
	switch v := detectRequest(b); {
	case v == l7.No:
		return detectLoose(b)
	case v == l7.NeedMore && len(b) >= patience:
		return l7.Maybe
	default:
		return v
	}
}

// detectStatus wants HTTP/1.x SP and three digits (RFC 9112, 4).
func detectStatus(b []byte) l7.Verdict {
	const form = "HTTP/1.d ddd"
	for i := range min(len(b), len(form)) {
		if form[i] == 'd' && !cursor.IsDigit(b[i]) || form[i] != 'd' && b[i] != form[i] {
			return l7.No
		}
	}
	switch {
	case len(b) < statusSize:
		return l7.NeedMore
	case len(b) > statusSize && b[statusSize] != ' ' && b[statusSize] != '\r' && b[statusSize] != '\n':
		return l7.No
	}
	return l7.Yes
}

// detectRequest wants method SP target SP HTTP/1.x (RFC 9112, 3). A method
// that nobody has registered must be followed by a target in one of the usual
// forms.
func detectRequest(b []byte) l7.Verdict {
	n := methodLen(b[:min(len(b), maxMethod+1)])
	switch {
	case n > maxMethod:
		return l7.No
	case n == len(b):
		return l7.NeedMore
	case n == 0 || b[n] != ' ':
		return l7.No
	}
	known := knownMethod(b[:n])
	target := b[n+1:]
	for known && len(target) > 0 && target[0] == ' ' {
		target = target[1:] // RFC 9112, 3: some servers are lenient here
	}
	if !known && (!otherMethod(b[:n]) || len(target) > 0 && target[0] != '/' && target[0] != '*' && target[0]|0x20 != 'h') {
		return l7.No
	}
	end := 0
	for end < len(target) && cursor.IsVisible(target[end]) {
		end++
	}
	if end == len(target) {
		return l7.NeedMore
	}
	if target[end] != ' ' {
		// GET HTTP/1.1: a client that forgot the target.
		if known && bytes.HasPrefix(target, []byte("HTTP/1.")) && end == len("HTTP/1.1") && cursor.IsDigit(target[7]) {
			return l7.Yes
		}
		return l7.No
	}
	if end == 0 {
		return l7.No
	}
	return detectVersion(target[end:], known)
}

// detectVersion judges what begins at the SP behind a target. A known method
// may have a target with spaces in it, as sloppy clients write.
func detectVersion(b []byte, known bool) l7.Verdict {
	const form = " HTTP/1.d"
	line := b
	i := bytes.IndexByte(b, '\n')
	if i >= 0 {
		line = bytes.TrimSuffix(b[:i], []byte{'\r'})
		if len(line) < len(form) {
			return l7.No
		}
		if known {
			line = line[len(line)-len(form):]
		}
	} else if known && !prefixOf(line, form) {
		for _, c := range line {
			if cursor.IsControl(c) && c != '\r' {
				return l7.No
			}
		}
		if bytes.Contains(line, []byte(" RTSP/")) || bytes.Contains(line, []byte(" SIP/")) {
			return l7.No
		}
		return l7.NeedMore
	}
	if !prefixOf(line, form) {
		return l7.No
	}
	if len(line) < len(form) {
		return l7.NeedMore
	}
	return l7.Yes
}

// prefixOf compares b, as far as it goes, with a form in which d stands for a
// digit. Bytes behind the form may only be the line end.
func prefixOf(b []byte, form string) bool {
	for i, c := range b {
		switch {
		case i >= len(form):
			return c == '\r' || c == '\n'
		case form[i] == 'd' && cursor.IsDigit(c), form[i] != 'd' && form[i] == c:
		default:
			return false
		}
	}
	return true
}
