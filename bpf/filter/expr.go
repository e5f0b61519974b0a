package filter

// Expr is a parsed expression, independent of link type. It is immutable.
type Expr struct {
	text string
	cond cond // nil: every packet
}

// Parse reads an expression in the language of pcap-filter(7). Names are not
// looked up yet.
func Parse(expr string) (*Expr, error) {
	c, err := parse(expr)
	if err != nil {
		return nil, err
	}
	return &Expr{text: expr, cond: c}, nil
}

// MustParse is Parse for expressions in source code; it panics on mistakes.
func MustParse(expr string) *Expr {
	e, err := Parse(expr)
	if err != nil {
		panic(err)
	}
	return e
}

// String gives an expression of the same meaning; of one that was parsed it is
// the text.
func (e *Expr) String() string { return e.text }

// Empty reports whether the expression takes every packet because nothing was
// written.
func (e *Expr) Empty() bool { return e == nil || e.cond == nil }

// scope makes a condition of the expression that begins at the outermost layer.
func (e *Expr) scope() *scopeCond {
	if e == nil {
		return &scopeCond{}
	}
	return &scopeCond{expr: e.text, x: e.cond}
}

// And is true if all of list are; empty ones do not count. Each begins at the
// outermost layer: what "vlan" in one of them does to offsets is not seen by
// the others, so that the text of the result is not always what it means.
func And(list ...*Expr) *Expr {
	return join(list, " and ", func(l, r cond) cond { return &andCond{l, r} })
}

// Or is true if one of list is; an empty one takes every packet.
func Or(list ...*Expr) *Expr {
	for _, e := range list {
		if e.Empty() {
			return &Expr{}
		}
	}
	return join(list, " or ", func(l, r cond) cond { return &orCond{l, r} })
}

// Not is true if e is not; e must not be empty.
func Not(e *Expr) *Expr {
	return &Expr{text: "not (" + e.text + ")", cond: &notCond{e.scope()}}
}

func join(list []*Expr, word string, two func(l, r cond) cond) *Expr {
	out := &Expr{}
	single := true
	for _, e := range list {
		switch {
		case e.Empty():
		case out.Empty():
			out = e
		default:
			left := out.text
			if single {
				left = "(" + left + ")"
			}
			out = &Expr{text: left + word + "(" + e.text + ")", cond: two(out.scope(), e.scope())}
			single = false
		}
	}
	return out
}
