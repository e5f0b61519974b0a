package rocketmq

import "github.com/wirespan/wirespan/l7"

// fields reads those of a head: one by one, as they are meant.
func (p *parser) fields(h *head, f *facts) {
	if h.form == formBinary {
		for b := h.fields; len(b) > 0; {
			name, value, rest, ok := pair(b)
			if !ok {
				return
			}
			p.field(h, f, name, value)
			b = rest
		}
		return
	}
	s := scanner{b: h.fields}
	if !s.take('{') {
		return
	}
	for first := true; ; first = false {
		name, ok := s.next(first)
		if !ok {
			return
		}
		v := s.value()
		if s.bad {
			return
		}
		if wanted(h, name) || p.match.Match(name) != l7.IDNone {
			p.value = unescape(p.value[:0], v)
			p.field(h, f, name, p.value)
		}
	}
}

// Meanings of fields.
type mean uint8

const (
	nothing mean = iota
	mTopic
	mGroup
	mProducer
	mQueue
	mOffset
	mProperties
	mMessageID
	mClient
)

// meaning of a field of a head by its name. What authenticates has none.
func meaning(h *head, name []byte) mean {
	if !h.response() && short(h.code) {
		switch string(name) {
		case "a":
			return mProducer
		case "b":
			return mTopic
		case "e":
			return mQueue
		case "i":
			return mProperties
		}
		return nothing
	}
	switch string(name) {
	case "topic", "originTopic":
		return mTopic
	case "consumerGroup", "group":
		return mGroup
	case "producerGroup":
		return mProducer
	case "queueId":
		return mQueue
	case "queueOffset", "commitOffset", "offset":
		return mOffset
	case "properties":
		return mProperties
	case "msgId", "uniqKey":
		return mMessageID
	case "clientID":
		return mClient
	}
	return nothing
}

func wanted(h *head, name []byte) bool { return meaning(h, name) != nothing }

// field keeps what a field says.
func (p *parser) field(h *head, f *facts, name, value []byte) {
	switch meaning(h, name) {
	case mTopic:
		f.word(&f.topic, value)
	case mGroup:
		f.word(&f.group, value)
	case mProducer:
		f.word(&f.producer, value)
	case mQueue:
		if n, ok := integer(value); ok && n >= 0 {
			f.word(&f.queue, value)
		}
	case mOffset:
		f.number(value)
	case mProperties:
		f.properties(value, p.match)
	case mMessageID:
		f.word(&f.id, value)
	case mClient:
		f.word(&f.client, value)
	case nothing:
		if class := p.match.Match(name); class != l7.IDNone {
			f.onID(class, name, value)
		}
	}
}
