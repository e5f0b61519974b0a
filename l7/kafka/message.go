package kafka

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

var (
	system  = []byte("kafka")
	send    = []byte("send")
	receive = []byte("receive")
	settle  = []byte("settle")
)

// operationType is messaging.operation.type of an API, nil if it has none.
func operationType(key int16) []byte {
	switch key {
	case keyProduce:
		return send
	case keyFetch, keyShareFetch:
		return receive
	case keyOffsetCommit, keyTxnOffsetCommit, keyShareAcknowledge:
		return settle
	}
	return nil
}

// fetches reports whether the response to an API has records.
func fetches(key int16) bool { return key == keyFetch || key == keyShareFetch }

// told reports whether the request names the topic of its span. A Fetch may be
// answered with another of its topics, or of its session.
func (h *half) told() bool {
	return !h.f.topic.empty() && h.single()
}

// single reports whether the first topic of a request is that of its span.
func (h *half) single() bool {
	f := &h.f
	return !fetches(h.key) || f.topics == 1 && (!f.session || f.only)
}

// placed reports whether the request names the partition of its span.
func (h *half) placed() bool {
	f := &h.f
	return f.parts == 1 && (!fetches(h.key) || !f.session)
}

// emit hands on the message of a half.
func (p *parser) emit(dir l7.Dir, h *half, out *l7.Emitter) (m *l7.Message) {
	if dir == l7.ToServer {
		m = p.emitRequest(h, out)
	} else {
		m = p.emitResponse(h, out)
	}
	m.First, m.Match, m.HeadSize = h.first, uint64(h.match), h.head
	f := &h.f
	for i := range f.ids {
		id := &f.ids[i]
		name := keyNames[id.key]
		if id.class != l7.IDMessage {
			name = f.get(id.name)
		}
		m.ID(id.class, name, f.get(id.value))
	}
	for i := range f.terms {
		m.Terms = append(m.Terms, l7.Term{Key: f.terms[i].id, Name: f.get(f.terms[i].name)})
	}
	out.Emit(dir)
	return m
}

// emitRequest describes a request, and remembers it for its response.
func (p *parser) emitRequest(h *half, out *l7.Emitter) *l7.Message {
	f := &h.f
	if h.key == keyFetch {
		p.poll(f)
	}
	kind := l7.Request
	if h.key == keyProduce && f.hasAcks && f.acks == 0 {
		kind = l7.OneWay
	} else {
		p.waiting.remember(h)
	}
	m := out.Begin(kind)
	m.Op, m.Resource = h.api.name, f.get(f.topic)
	if h.key == keyProduce && f.records > 0 {
		m.Side = l7.Producer
	}
	m.Str(attrSystem, system)
	m.Str(attrOperation, h.api.name)
	str(m, attrType, operationType(h.key))
	if h.told() {
		m.Str(attrDestination, m.Resource)
	} else if f.topic.empty() {
		str(m, attrTopicID, f.get(f.id))
		if h.single() {
			ask(m, f.get(f.id))
		}
	}
	if h.placed() {
		p.partition(m, f, f.part)
	}
	several(m, attrTopics, f.topics)
	several(m, attrPartitions, f.parts)
	p.details(m, h)
	return m
}

// poll remembers the topic of a fetch session that has only one (KIP-227), or
// its id: later requests name no more than what changes.
func (p *parser) poll(f *facts) {
	topic, byID := f.get(f.topic), f.topic.empty()
	if byID {
		topic = f.get(f.id)
	}
	switch {
	case f.session && f.topics == 0 && len(p.polled) > 0:
		f.topics = 1
		if p.polledID {
			f.id = f.put(p.polled)
		} else {
			f.topic = f.put(p.polled)
		}
	case f.topics != 1 || f.session && string(topic) != string(p.polled):
		p.polled = p.polled[:0]
	default:
		p.polled, p.polledID = append(p.polled[:0], topic...), byID
	}
	f.only = len(p.polled) > 0
}

// details adds what only some requests say.
func (p *parser) details(m *l7.Message, h *half) {
	f := &h.f
	str(m, attrClient, f.get(h.client))
	if f.keyType == 1 { // FindCoordinator of a transaction
		str(m, attrTransaction, f.get(f.group))
	} else {
		str(m, attrGroup, f.get(f.group))
	}
	str(m, attrMember, f.get(f.member))
	str(m, attrTransaction, f.get(f.txn))
	str(m, attrMechanism, f.get(f.mechanism))
	if !f.software.empty() {
		p.name = append(append(append(p.name[:0], f.get(f.software)...), ' '), f.get(f.release)...)
		m.Str(attrSoftware, p.name)
	}
	if f.hasProducer && f.producer >= 0 {
		m.Int(attrProducer, f.producer)
	}
	if f.hasOffset && f.parts == 1 {
		m.Int(attrOffset, f.offset)
	}
	if f.hasAcks {
		m.Int(attrAcks, int64(f.acks))
	}
	m.Int(attrVersion, int64(h.version))
	m.Int(attrCorrelation, int64(int32(h.match)))
	counted(m, f)
}

// emitResponse describes a response.
func (p *parser) emitResponse(h *half, out *l7.Emitter) *l7.Message {
	f := &h.f
	m := out.Begin(l7.Response)
	if f.coded {
		m.Status = l7.OK
	}
	if f.code != 0 {
		e, known := failureOf(f.code)
		m.Status, m.Code, m.Error = e.status, int32(f.code), e.name
		if known {
			m.Bool(attrRetriable, e.retry)
		}
	}
	if h.api == nil {
		return m
	}
	if fetches(h.key) {
		p.fetched(m, h)
	} else if f.hasOffset && f.parts == 1 {
		m.Int(attrOffset, f.offset)
	}
	str(m, attrCluster, f.get(f.cluster))
	str(m, attrMember, f.get(f.member))
	if f.hasProducer && f.producer >= 0 {
		m.Int(attrProducer, f.producer)
	}
	return m
}

// fetched names the records of a Fetch: their topic rather than what was asked
// for.
func (p *parser) fetched(m *l7.Message, h *half) {
	f := &h.f
	topic, id, part, places := f.get(f.topic), f.get(f.id), f.part, f.parts
	if f.records > 0 {
		m.Side = l7.Consumer
		m.Int(attrOffset, f.first)
		topic, part, places = f.get(f.from), f.fromPart, f.places
		if !f.named {
			topic, id = nil, topic
		}
	} else if len(topic) == 0 {
		topic = h.asked.topic
	}
	if len(topic) == 0 {
		str(m, attrTopicID, id)
		ask(m, id)
	}
	if places == 1 && !h.asked.placed {
		p.partition(m, f, part)
	}
	if len(topic) > 0 && !h.asked.told {
		p.name = append(append(append(p.name[:0], h.api.name...), ' '), topic...)
		m.Name = p.name
		m.Str(attrDestination, topic)
	}
	counted(m, f)
}

// ask asks for the name of a topic that this connection did not tell.
func ask(m *l7.Message, id []byte) {
	if len(id) > 0 {
		m.Terms = append(m.Terms, l7.Term{Key: readID(id)})
	}
}

// counted adds what records there are.
func counted(m *l7.Message, f *facts) {
	if f.records > 0 {
		m.Int(attrCount, f.records)
	}
	if f.codec != 0 && int(f.codec) < len(codecs) {
		m.Str(attrCodec, codecs[f.codec])
	}
	if f.unread > 0 {
		m.Int(attrUnread, int64(f.unread))
	}
}

// partition adds the number of a partition.
func (p *parser) partition(m *l7.Message, f *facts, n int32) {
	from := len(f.text)
	f.text = strconv.AppendInt(f.text, int64(n), 10)
	m.Str(attrPartition, f.text[from:])
}

// str adds an attribute that is not empty.
func str(m *l7.Message, key uint8, v []byte) {
	if len(v) > 0 {
		m.Str(key, v)
	}
}

// several adds a number above one.
func several(m *l7.Message, key uint8, n int) {
	if n > 1 {
		m.Int(key, int64(n))
	}
}
