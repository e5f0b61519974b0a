package link

import "github.com/wirespan/wirespan/tracer/span"

// What a queue keeps neither starts nor ends while its publication is open, and
// the one who consumes it is not who published it: rule 6 of DESIGN.md, section
// 7. An ID or context that a message carries finds both ends.

// delivers reports whether an exchange brought a message to a consumer: one
// that the broker pushed, or the response to a poll.
func (l *Linker) delivers(x int32) bool { return l.sideOf(x) == span.Consumer }

// publishes reports whether an exchange puts a message into a queue.
func (l *Linker) publishes(x int32) bool { return l.sideOf(x) == span.Producer }

// sideOf is the side of a queue that an exchange is on, 0 if it is on none.
func (l *Linker) sideOf(x int32) span.Kind {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if k := l.sights.at(s).rec.Kind; k == span.Consumer || k == span.Producer {
			return k
		}
	}
	return 0
}

// throughQueue reports whether the relation of two exchanges is not one of a
// caller to the one who serves it, because one of them is a delivery.
func (l *Linker) throughQueue(p, c int32) bool {
	return l.delivers(p) || l.delivers(c)
}

func (l *Linker) factsOf(x int32) *Facts { return &l.sights.at(l.exchs.at(x).first).rec }

// tryMessage makes p a candidate of c if it published what c brought.
func (l *Linker) tryMessage(p, c int32, id wireID) {
	if l.throughQueue(p, c) && l.delivers(c) {
		l.tryQueue(p, c, id)
	}
}

// tryQueue makes p a candidate of c if p put into the queue what c took out, or
// if c is what a consumer did with what p brought. They share an ID or context.
func (l *Linker) tryQueue(p, c int32, id wireID) {
	a, b := l.factsOf(p), l.factsOf(c)
	cand := candidate{x: p, rule: Message, id: id, bits: id.bits, continuity: true, confidence: 0.95}
	switch {
	case l.delivers(c):
		// Delivered in any case after it was published, whenever the poll began.
		if !l.publishes(p) || a.Proto != b.Proto || l.exchs.at(c).open == 0 && l.onBase(a) > b.End-l.offBase(b) {
			return
		}
		cand.step = stepDeliver
	case l.delivers(p):
		// Where deliveries are acknowledged the broker asks and the consumer serves.
		if l.exchs.at(p).open > 0 || !l.sameClient(p, c) && !l.continuity(p, c) || l.onBase(b) < a.End-l.offBase(a) {
			return
		}
	default:
		return
	}
	l.propose(c, cand)
}

// betterThanQueue orders a delivery and a request that both may be the parent
// of c: one process may serve and consume. Who waits for c to end is its
// caller; one that did not has nothing on a delivery to the same client.
func (l *Linker) betterThanQueue(a, b *candidate, c int32) bool {
	if a.rule == Message {
		return !l.betterThanQueue(b, a, c)
	}
	return l.contains(a.x, c) == enclosed
}
