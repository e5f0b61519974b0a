package link

// neighbours are the places of an exchange in a list.
type neighbours struct{ prev, next int32 }

// list is a doubly linked list of exchanges, through neighbours that they hold
// for it. An exchange is in it once at most.
type list struct {
	first, last int32
	of          func(*exchange) *neighbours
}

func byArrival(e *exchange) *neighbours { return &e.arrival }

func byOpening(e *exchange) *neighbours { return &e.opening }

func (c *list) has(n *neighbours, x int32) bool { return n.prev != 0 || n.next != 0 || c.first == x }

// push puts x at the end, if it is not in the list.
func (c *list) push(l *Linker, x int32) {
	n := c.of(l.exchs.at(x))
	if c.has(n, x) {
		return
	}
	if n.prev = c.last; c.last != 0 {
		c.of(l.exchs.at(c.last)).next = x
	} else {
		c.first = x
	}
	c.last = x
}

// remove takes x out, if it is in the list.
func (c *list) remove(l *Linker, x int32) {
	n := c.of(l.exchs.at(x))
	if !c.has(n, x) {
		return
	}
	if n.prev != 0 {
		c.of(l.exchs.at(n.prev)).next = n.next
	} else {
		c.first = n.next
	}
	if n.next != 0 {
		c.of(l.exchs.at(n.next)).prev = n.prev
	} else {
		c.last = n.prev
	}
	*n = neighbours{}
}
