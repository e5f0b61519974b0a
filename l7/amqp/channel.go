package amqp

// Bounds of what is remembered of channels.
const (
	maxChannels  = 2048
	maxConsumers = 64
	maxName      = 255
)

// state is what is known of a channel.
type state struct {
	confirms  bool   // messages are confirmed: Confirm.Select was seen
	published uint64 // messages since
	closing   int    // reply code of the close that waits for its answer
	text      []byte // its reply text
	asked     []byte // queue of a consumer whose tag the answer will have
	consumers []consumer
}

// consumer says which queue a consumer reads.
type consumer struct {
	tag, queue []byte
}

// channelState is the state of a channel, made at need; nil beyond the bound.
func (p *parser) channelState(n uint16) *state {
	if s := p.channels[n]; s != nil {
		return s
	}
	if len(p.channels) >= maxChannels {
		return nil
	}
	if p.channels == nil {
		p.channels = map[uint16]*state{}
	}
	s := &state{}
	p.channels[n] = s
	return s
}

// reads remembers the queue of a consumer.
func (s *state) reads(tag, queue []byte) {
	if s == nil || len(tag) == 0 || len(s.consumers) >= maxConsumers {
		return
	}
	s.consumers = append(s.consumers, consumer{append([]byte(nil), tag...), append([]byte(nil), queue...)})
}

// queue is the queue that a consumer reads; nil if it is not known.
func (s *state) queue(tag []byte) []byte {
	if s == nil {
		return nil
	}
	for i := range s.consumers {
		if string(s.consumers[i].tag) == string(tag) {
			return s.consumers[i].queue
		}
	}
	return nil
}
