package defrag

// Assembler holds datagrams that are not complete. One goroutine uses it. The
// zero value admits nothing.
type Assembler struct {
	limits Limits
	byKey  map[Key]int32
	slots  []slot
	free   int32 // head of the list of idle slots, through slot.next
	oldest int32
	newest int32
	held   int // capacity of all slot buffers
	lost   uint64
	out    []byte
}

const nobody = -1

// New returns an Assembler with the given limits.
func New(l Limits) *Assembler {
	return &Assembler{
		limits: l,
		byKey:  make(map[Key]int32, min(l.Datagrams, 64)),
		free:   nobody, oldest: nobody, newest: nobody,
	}
}

// Add takes one fragment. The Datagram is valid when the verdict is Complete.
func (a *Assembler) Add(k Key, f Fragment) (Datagram, Verdict) {
	if !plausible(&f) {
		return Datagram{}, BadLength
	}
	if a.limits.Datagrams <= 0 {
		return Datagram{}, Lost
	}
	a.expire(f.Time)
	i, ok := a.byKey[k]
	if ok && a.stale(i, f.Time) {
		a.drop(i)
		ok = false
	}
	if !ok {
		i = a.open(k, f.Time)
	}
	s := &a.slots[i]
	v := s.place(&f, k.Version == 6, a.limits.Fragments)
	if v == fresh && !a.store(i, &f) {
		v = refuse
	}
	switch v {
	case fresh:
		s.count++
	case repeated:
		s.repeats++
	case refuse:
		a.lost += uint64(s.taken())
		s.spoil()
		return Datagram{}, Lost
	}
	if !s.complete() {
		return Datagram{}, Waiting
	}
	d := a.assemble(s)
	s.count, s.repeats = 0, 0
	a.drop(i)
	return d, Complete
}

// plausible checks what RFC 791 and RFC 8200 ask of any fragment.
func plausible(f *Fragment) bool {
	if f.Size <= 0 || f.Size < len(f.Data) || f.Offset+f.Size > MaxDatagram {
		return false
	}
	return !f.More || f.Size%8 == 0
}

// TakeLost returns how many fragments that Add had answered with Waiting were
// given up since the last call.
func (a *Assembler) TakeLost() uint64 {
	n := a.lost
	a.lost = 0
	return n
}

// Flush gives up everything that still waits: the input has ended.
func (a *Assembler) Flush() {
	if a.limits.Datagrams <= 0 {
		return
	}
	for a.oldest != nobody {
		a.drop(a.oldest)
	}
}

// Waiting tells how many datagrams are open.
func (a *Assembler) Waiting() int { return len(a.byKey) }

// expire gives up datagrams that are too old at packet time now.
func (a *Assembler) expire(now int64) {
	for a.oldest != nobody && a.stale(a.oldest, now) {
		a.drop(a.oldest)
	}
}

// stale also holds when time jumped back by more than the age, as between two
// files: fragments from before the jump will find no company.
func (a *Assembler) stale(i int32, now int64) bool {
	age := now - a.slots[i].since
	return age > a.limits.Age || age < -a.limits.Age
}

// open starts a datagram, at the cost of the oldest if all places are taken.
func (a *Assembler) open(k Key, now int64) int32 {
	if len(a.byKey) >= a.limits.Datagrams {
		a.drop(a.oldest)
	}
	i := a.free
	if i == nobody {
		i = int32(len(a.slots))
		a.slots = append(a.slots, slot{})
	} else {
		a.free = a.slots[i].next
	}
	s := &a.slots[i]
	s.reset(k, now)
	s.prev, s.next = a.newest, nobody
	if a.newest != nobody {
		a.slots[a.newest].next = i
	} else {
		a.oldest = i
	}
	a.newest = i
	a.byKey[k] = i
	return i
}

// drop closes a datagram; fragments that still wait in it are lost.
func (a *Assembler) drop(i int32) {
	s := &a.slots[i]
	a.lost += uint64(s.taken())
	delete(a.byKey, s.key)
	if s.prev != nobody {
		a.slots[s.prev].next = s.next
	} else {
		a.oldest = s.next
	}
	if s.next != nobody {
		a.slots[s.next].prev = s.prev
	} else {
		a.newest = s.prev
	}
	s.next, a.free = a.free, i
}

// assemble copies the pieces into the lent buffer, in order, up to the first
// byte that was not captured.
func (a *Assembler) assemble(s *slot) Datagram {
	if a.out == nil {
		a.out = make([]byte, MaxDatagram)
	}
	n := 0
	for _, p := range s.pieces {
		n += copy(a.out[n:], s.buf[p.pos:p.pos+p.have])
		if p.have < p.size {
			break
		}
	}
	return Datagram{Data: a.out[:n:n], Cut: s.end - n, Count: s.count, Proto: s.proto}
}
