package query

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type operator uint8

const (
	exists operator = iota
	equal
	notEqual
	less
	lessEqual
	greater
	greaterEqual
	matches
	notMatches
	contains
	in
)

var operators = map[string]operator{
	"=": equal, "==": equal, "!=": notEqual, "<": less, "<=": lessEqual, ">": greater, ">=": greaterEqual,
	"~": matches, "!~": notMatches, "contains": contains, "in": in, "exists": exists,
}

func (o operator) orders() bool { return o >= less && o <= greaterEqual }

// comparison is a field, an operator and what it is compared with; several
// values stand for any of them.
type comparison struct {
	field  field
	op     operator
	values []value
}

// value is a literal in every form that it can be read as.
type value struct {
	text string
	re   *regexp.Regexp

	number float64
	whole  int64 // number, a duration in ns, or a time in ns since 1970
	isNum  bool
	isInt  bool // whole is valid

	low, high int64 // class of status codes, "5xx"
	isClass   bool

	prefix   netip.Prefix
	isPrefix bool // also a single address

	yes    bool
	isBool bool

	failed, unfailed bool // span status
}

// compile reads a literal as the comparison needs it; msg says what is wrong,
// to be put after the field's name.
func compile(c *comparison, text string) (v value, msg string) {
	v.text = text
	switch c.op {
	case matches, notMatches:
		re, err := regexp.Compile(text)
		if err != nil {
			return v, "needs a regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		}
		v.re = re
		return v, ""
	case contains:
		return v, ""
	}
	v.readNumber()
	f := &c.field
	if !f.textual() || strings.Contains(text, "/") {
		v.readAddress()
	}
	if msg = f.noPrefix(&v); msg != "" {
		return v, msg
	}
	v.yes, v.isBool = strings.EqualFold(text, "true"), strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	switch {
	case f.kind == duration:
		if !v.isInt || v.isNum && v.number != 0 {
			return v, fmt.Sprintf("needs a duration such as 10ms or 1.5s, not %q", text)
		}
	case f.kind == start:
		return v, v.readTime()
	case f.kind == isError || f.kind == attribute && f.typ == "Bool":
		if !v.isBool {
			return v, fmt.Sprintf("is true or false, not %q", text)
		}
		if c.op.orders() {
			return v, "is true or false and has no order"
		}
	case f.kind == attribute && (f.typ == "Int" || f.typ == "Ints" || f.typ == "Float"):
		if !v.isNum && !v.isInt && (!v.isClass || c.op.orders()) {
			return v, fmt.Sprintf("is a number, and %q is none", text)
		}
	case f.kind == kind:
		switch strings.ToUpper(text) {
		case "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER":
		default:
			return v, fmt.Sprintf("is client, server, producer, consumer or internal, not %q", text)
		}
	case f.kind == status:
		if c.op.orders() && !v.isNum && !v.isClass {
			return v, fmt.Sprintf("is compared by order with numbers only, and %q is none", text)
		}
		v.failed = strings.EqualFold(text, "error")
		v.unfailed = strings.EqualFold(text, "unset") || strings.EqualFold(text, "ok")
	case f.kind == traceID:
		return v, v.readID(32)
	case f.kind == spanID, f.kind == parentID:
		return v, v.readID(16)
	}
	return v, ""
}

// noPrefix says what is wrong with what was meant as a prefix of addresses.
func (f *field) noPrefix(v *value) (msg string) {
	if v.isPrefix || f.kind != client && f.kind != server && f.kind != address {
		return ""
	}
	before, _, ok := strings.Cut(v.text, "/")
	if _, err := netip.ParseAddr(before); !ok || err != nil {
		return "" // it is a name
	}
	return fmt.Sprintf("needs a prefix such as 10.0.0.0/8 or 2001:db8::/32, not %q", v.text)
}

func (v *value) readNumber() {
	t := v.text
	if n, err := strconv.ParseInt(t, 10, 64); err == nil {
		v.whole, v.number, v.isInt, v.isNum = n, float64(n), true, true
		return
	}
	if len(t) == 3 && t[0] >= '1' && t[0] <= '9' && strings.EqualFold(t[1:], "xx") {
		v.low = int64(t[0]-'0') * 100
		v.high, v.isClass = v.low+99, true
		return
	}
	if n, err := strconv.ParseFloat(t, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		v.number, v.isNum = n, true
		return
	}
	if d, err := time.ParseDuration(t); err == nil {
		v.whole, v.isInt = int64(d), true
	}
}

func (v *value) readAddress() {
	if a, err := netip.ParseAddr(v.text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		v.prefix, v.isPrefix = netip.PrefixFrom(a, a.BitLen()), true
	} else if p, err := netip.ParsePrefix(v.text); err == nil {
		v.prefix, v.isPrefix = p.Masked(), true
	}
}

// readTime takes RFC 3339 with or without its parts, in UTC where no zone is
// given, or seconds since 1970.
func (v *value) readTime() (msg string) {
	if v.isNum {
		if math.Abs(v.number) > math.MaxInt64/1e9 {
			return "is out of range"
		}
		if v.isInt {
			v.whole *= 1e9
		} else {
			v.whole, v.isInt = int64(v.number*1e9), true
		}
		return ""
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, v.text); err == nil {
			if y := t.Year(); y < 1680 || y > 2260 {
				return "is out of range"
			}
			v.whole, v.isInt = t.UnixNano(), true
			return ""
		}
	}
	return fmt.Sprintf("needs a time such as 2026-01-02T15:04:05Z, not %q", v.text)
}

func (v *value) readID(digits int) (msg string) {
	v.text = strings.ToLower(v.text)
	_, err := hex.DecodeString(v.text + strings.Repeat("0", len(v.text)&1))
	if err != nil || len(v.text) > digits || len(v.text) == 0 {
		return fmt.Sprintf("needs up to %d hex digits, not %q", digits, v.text)
	}
	return ""
}
