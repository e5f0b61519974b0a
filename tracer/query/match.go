package query

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/span"
)

// Match reports whether a span satisfies the expression. It keeps nothing of
// the span.
func (e *Expr) Match(s *span.Span) bool {
	return e.root < 0 || e.at(e.root, s)
}

func (e *Expr) at(i int, s *span.Span) bool {
	switch n := &e.nodes[i]; n.op {
	case opAnd:
		return e.at(n.a, s) && e.at(n.b, s)
	case opOr:
		return e.at(n.a, s) || e.at(n.b, s)
	case opNot:
		return !e.at(n.a, s)
	default:
		present, hit := e.compare(&n.comparison, s)
		switch n.comparison.op {
		case exists:
			return present
		case notEqual, notMatches:
			return present && !hit
		}
		return hit
	}
}

// compare says whether the span has the field, and whether it is equal, in
// order, matched or contained, negation left aside.
func (e *Expr) compare(c *comparison, s *span.Span) (present, hit bool) {
	switch c.field.kind {
	case attribute, protocol, signal:
		at, ok := find(s, c.field.key)
		return ok, ok && e.attr(c, at)
	case unknown, agent:
		return false, false
	case name:
		return len(s.Name) > 0, c.bytes(s.Name)
	case service:
		return len(s.Service) > 0, c.bytes(s.Service)
	case kind:
		return c.kind(s.Kind)
	case status:
		return e.status(c, s)
	case duration:
		return true, e.number(c, s.End-s.Start)
	case traceID:
		return e.id(c, s.Trace[:])
	case spanID:
		return e.id(c, s.ID[:])
	case parentID:
		return e.id(c, s.Parent[:])
	case client, server:
		return e.side(c, s, c.field.kind)
	case address:
		present, hit = e.side(c, s, client)
		if !hit {
			var there bool
			there, hit = e.side(c, s, server)
			present = present || there
		}
		return present, hit
	case isError:
		return true, e.bool(c, s.Status == span.Error)
	case instance:
		return len(s.Instance) > 0, c.bytes(s.Instance)
	case anyID:
		return e.requestIDs(c, s)
	case anyText:
		return true, e.anywhere(c, s)
	default:
		return true, e.number(c, s.Start)
	}
}

func (e *Expr) attr(c *comparison, at span.Attr) bool {
	switch at.Type {
	case span.TypeInt:
		return e.number(c, at.Num)
	case span.TypeBool:
		return e.bool(c, at.Num != 0)
	case span.TypeFloat:
		return e.float(c, at)
	case span.TypeStrings:
		for s := range at.Strings {
			if c.bytes(s) {
				return true
			}
		}
		return false
	case span.TypeInts:
		for n := range at.Ints {
			if e.number(c, n) {
				return true
			}
		}
		return false
	case span.TypeAddr:
		return e.address(c, at)
	case span.TypeHex, span.TypeBytes:
		e.scratch = at.AppendText(e.scratch[:0])
		return c.bytes(e.scratch)
	default:
		return c.bytes(at.Str)
	}
}

// bytes compares text. A number is compared as a number with text that is one.
func (c *comparison) bytes(b []byte) bool {
	for i := range c.values {
		v := &c.values[i]
		var hit bool
		switch c.op {
		case matches, notMatches:
			hit = v.re.Match(b)
		case contains:
			hit = containsText(b, v.text)
		case equal, notEqual, in:
			hit = string(b) == v.text || v.isPrefix && v.holds(b)
		default:
			if n, ok := number(b); ok && v.isNum {
				hit = ordered(c.op, n < v.number, n > v.number)
			} else if v.isNum != ok {
				hit = false // neither above nor below
			} else {
				hit = ordered(c.op, string(b) < v.text, string(b) > v.text)
			}
		}
		if hit {
			return true
		}
	}
	return false
}

func ordered(o operator, below, above bool) bool {
	switch o {
	case less:
		return below
	case lessEqual:
		return !above
	case greater:
		return above
	case greaterEqual:
		return !below
	default:
		return !below && !above
	}
}

func (e *Expr) number(c *comparison, n int64) bool {
	if c.op == matches || c.op == notMatches || c.op == contains {
		e.scratch = strconv.AppendInt(e.scratch[:0], n, 10)
		return c.bytes(e.scratch)
	}
	return c.number(n)
}

// number compares a number by its value.
func (c *comparison) number(n int64) bool {
	for i := range c.values {
		v := &c.values[i]
		var hit bool
		switch {
		case v.isClass:
			hit = ordered(c.op, n < v.low, n > v.high)
		case v.isInt:
			hit = ordered(c.op, n < v.whole, n > v.whole)
		case v.isNum:
			hit = ordered(c.op, float64(n) < v.number, float64(n) > v.number)
		}
		if hit {
			return true
		}
	}
	return false
}

func (e *Expr) float(c *comparison, at span.Attr) bool {
	if c.op == matches || c.op == notMatches || c.op == contains {
		e.scratch = at.AppendText(e.scratch[:0])
		return c.bytes(e.scratch)
	}
	return c.float(at.Float())
}

func (c *comparison) float(f float64) bool {
	for i := range c.values {
		if v := &c.values[i]; v.isNum && f == f && ordered(c.op, f < v.number, f > v.number) {
			return true
		}
	}
	return false
}

func (e *Expr) bool(c *comparison, b bool) bool {
	if c.truth(b) {
		return true
	}
	if c.op == matches || c.op == notMatches || c.op == contains {
		e.scratch = strconv.AppendBool(e.scratch[:0], b)
		return c.bytes(e.scratch)
	}
	return false
}

func (c *comparison) truth(b bool) bool {
	for i := range c.values {
		if v := &c.values[i]; v.isBool && v.yes == b {
			return true
		}
	}
	return false
}

func (e *Expr) address(c *comparison, at span.Attr) bool {
	if c.op == equal || c.op == notEqual || c.op == in {
		ip := netip.AddrFrom16([16]byte(at.Str)).Unmap()
		for i := range c.values {
			if v := &c.values[i]; v.isPrefix && v.prefix.Contains(ip) {
				return true
			}
		}
		return false
	}
	e.scratch = at.AppendText(e.scratch[:0])
	return c.bytes(e.scratch)
}

func (c *comparison) kind(k span.Kind) (present, hit bool) {
	if k < span.Internal || k > span.Consumer {
		return false, false
	}
	text := k.String()
	for i := range c.values {
		v := &c.values[i]
		switch c.op {
		case matches, notMatches:
			hit = v.re.MatchString(text) || v.re.MatchString(strings.ToLower(text))
		case contains:
			hit = strings.Contains(text, strings.ToUpper(v.text))
		default:
			hit = strings.EqualFold(text, v.text)
		}
		if hit {
			return true, true
		}
	}
	return true, false
}

// status compares the words error and unset with the span's status, anything
// else with the protocol's code.
func (e *Expr) status(c *comparison, s *span.Span) (present, hit bool) {
	for i := range c.values {
		if v := &c.values[i]; v.failed || v.unfailed {
			present = true
			hit = hit || v.failed == (s.Status == span.Error)
		}
	}
	if hit {
		return true, true
	}
	for _, k := range c.field.codes {
		if at, ok := find(s, k); ok {
			return true, e.attr(c, at)
		}
	}
	return present, false
}

func (e *Expr) id(c *comparison, id []byte) (present, hit bool) {
	e.scratch = hex.AppendEncode(e.scratch[:0], id)
	for _, b := range id {
		present = present || b != 0
	}
	if !present {
		return false, false
	}
	if c.op == equal || c.op == notEqual || c.op == in {
		for i := range c.values {
			if hasPrefix(e.scratch, c.values[i].text) {
				return true, true
			}
		}
		return true, false
	}
	return true, c.bytes(e.scratch)
}

// side compares what is known of one side: its name, its IP address and, of
// servers, peer.service.
func (e *Expr) side(c *comparison, s *span.Span, which fieldKind) (present, hit bool) {
	atServer := s.Kind == span.Server || s.Kind == span.Internal
	keys := [3]span.Key{span.KeyClientAddress, span.KeyNetworkLocalAddress, span.KeyClientAddress}
	if which == server {
		keys = [3]span.Key{span.KeyServerAddress, span.KeyNetworkLocalAddress, span.KeyPeerService}
	}
	if atServer == (which == client) {
		keys[1] = span.KeyNetworkPeerAddress
	}
	for _, k := range keys {
		if at, ok := find(s, k); ok {
			present = true
			if e.attr(c, at) {
				return true, true
			}
		}
	}
	return present, false
}

// number reads text that is a plain decimal number.
func number(b []byte) (float64, bool) {
	if len(b) == 0 || len(b) > 24 {
		return 0, false
	}
	for i, ch := range b {
		if (ch < '0' || ch > '9') && ch != '.' && (ch != '-' || i > 0) {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

func containsText(b []byte, sub string) bool {
	if len(sub) == 0 {
		return true
	}
	for {
		i := bytes.IndexByte(b, sub[0])
		if i < 0 || len(b)-i < len(sub) {
			return false
		}
		if string(b[i:i+len(sub)]) == sub {
			return true
		}
		b = b[i+1:]
	}
}

func hasPrefix(b []byte, p string) bool { return len(b) >= len(p) && string(b[:len(p)]) == p }

// find returns an attribute of a span or of its resource.
func find(s *span.Span, k span.Key) (span.Attr, bool) {
	if at, ok := s.Attrs.Find(k); ok || len(s.Resource) == 0 {
		return at, ok
	}
	return s.Resource.Find(k)
}
