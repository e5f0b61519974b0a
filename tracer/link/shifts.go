package link

import "github.com/wirespan/wirespan/flows"

// maxShifts bounds the connections whose shift is remembered.
const maxShifts = 4096

// shifts are the constants by which sequence numbers of a connection differ
// between two points (rule C), for connections whose beginning was not seen.
// They are learnt from the first exchange that is surely the same at both.
type shifts struct {
	known  map[shiftKey]shift
	oldest []shiftKey // in the order in which they were learnt, a ring
	next   int
}

type shiftKey struct {
	client, server flows.Endpoint
	a, b           uint16 // points, a < b
}

// shift is what is added to the numbers at a to get those at b.
type shift struct{ request, response uint32 }

func shiftOf(a, b *Facts) (shiftKey, shift) {
	if a.Point > b.Point {
		a, b = b, a
	}
	return shiftKey{a.Client, a.Server, a.Point, b.Point}, shift{b.SeqRequest - a.SeqRequest, b.Trail.Ack - a.Trail.Ack}
}

// knows reports whether the numbers of two sightings differ by what is known
// of their connection.
func (t *shifts) knows(a, b *Facts) bool {
	if len(t.known) == 0 {
		return false
	}
	k, d := shiftOf(a, b)
	have, ok := t.known[k]
	return ok && have == d
}

// learn takes two sightings of one exchange on one connection. The oldest
// connection makes room for a new one.
func (t *shifts) learn(a, b *Facts) {
	k, d := shiftOf(a, b)
	if _, ok := t.known[k]; !ok {
		if t.known == nil {
			t.known = make(map[shiftKey]shift)
		}
		if len(t.oldest) < maxShifts {
			t.oldest = append(t.oldest, k)
		} else {
			delete(t.known, t.oldest[t.next])
			t.oldest[t.next] = k
			t.next = (t.next + 1) % maxShifts
		}
	}
	t.known[k] = d
}
