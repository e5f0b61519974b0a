package link

// chain is a list of exchanges in order of arrival, through links in the
// exchanges.
type chain struct{ first, last int32 }

func (c *chain) push(l *Linker, x int32) {
	l.exchs.at(x).older, l.exchs.at(x).newer = c.last, 0
	if c.last != 0 {
		l.exchs.at(c.last).newer = x
	} else {
		c.first = x
	}
	c.last = x
}

func (c *chain) remove(l *Linker, x int32) {
	e := l.exchs.at(x)
	if e.older != 0 {
		l.exchs.at(e.older).newer = e.newer
	} else if c.first == x {
		c.first = e.newer
	} else {
		return // not in the list
	}
	if e.newer != 0 {
		l.exchs.at(e.newer).older = e.older
	} else {
		c.last = e.older
	}
	e.older, e.newer = 0, 0
}

// waitList is the list of exchanges that are open and hold their traces, in
// order of opening.
type waitList struct{ first, last int32 }

func (c *waitList) push(l *Linker, x int32) {
	e := l.exchs.at(x)
	if e.before != 0 || e.after != 0 || c.first == x {
		return
	}
	if e.before = c.last; c.last != 0 {
		l.exchs.at(c.last).after = x
	} else {
		c.first = x
	}
	c.last = x
}

func (c *waitList) remove(l *Linker, x int32) {
	e := l.exchs.at(x)
	if e.before != 0 {
		l.exchs.at(e.before).after = e.after
	} else if c.first == x {
		c.first = e.after
	} else {
		return
	}
	if e.after != 0 {
		l.exchs.at(e.after).before = e.before
	} else {
		c.last = e.before
	}
	e.before, e.after = 0, 0
}
