package rocketmq

// maxPending bounds the messages sent whose response is awaited.
const maxPending = 256

// pending are the topics of messages that were sent, by opaque: what a broker
// answers with is queue and offset only.
type pending struct{ slots []slot }

type slot struct {
	opaque int32
	used   bool
	topic  []byte
}

// at is the place of an opaque. Later requests take the place of earlier ones.
func (q *pending) at(opaque int32) *slot {
	if q.slots == nil {
		q.slots = make([]slot, maxPending)
	}
	return &q.slots[uint32(opaque)%maxPending]
}

// push notes a topic.
func (q *pending) push(opaque int32, topic []byte) {
	s := q.at(opaque)
	s.opaque, s.used, s.topic = opaque, true, append(s.topic[:0], topic...)
}

// take is the topic that a response is about, nil if it is not known; borrowed
// until the next push.
func (q *pending) take(opaque int32) []byte {
	if q.slots == nil {
		return nil
	}
	s := q.at(opaque)
	if !s.used || s.opaque != opaque {
		return nil
	}
	s.used = false
	return s.topic
}
