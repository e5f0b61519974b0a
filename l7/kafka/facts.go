package kafka

import (
	"encoding/hex"
	"strconv"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Bounds of what is kept of one message.
const (
	maxText    = 16 << 10 // bytes of names and IDs
	maxWord    = 1 << 10  // bytes of one of them
	maxHeaders = 64       // IDs from record headers
	maxKeys    = 64       // IDs of batches
	maxCounts  = 32       // partitions of a Produce request whose records are counted apart
	maxTerms   = 512      // topics whose name and id are told
)

// text is a piece of facts.text.
type text struct{ from, to int32 }

func (t text) empty() bool { return t.from == t.to }

// recordID is an ID in the text.
type recordID struct {
	class       l7.IDClass
	key         keyName // of IDMessage, else there is a name
	name, value text
}

// count is how many records were sent to a place.
type count struct {
	topic   uint32 // hash of the name or id
	part    int32
	records int32
}

// facts are what one message says. The text is reused.
type facts struct {
	text []byte

	topic, id, group, member, txn, mechanism, cluster, software, release text

	topics, parts int   // topics in a row that differ, partitions
	part          int32 // the first
	offset        int64
	hasOffset     bool
	code          int16 // the first error
	coded         bool  // there was a place for an error
	producer      int64
	hasProducer   bool
	acks          int16
	hasAcks       bool
	keyType       int8
	session       bool // the topics are a difference to those of the session
	only          bool // the session has one topic

	at       []byte // the topic where the walk is, or its id
	atHash   uint32
	atPart   int32
	atCode   int16
	atNamed  bool // at is a name
	from     text // where the first records are
	fromPart int32
	named    bool // from is a name
	records  int64
	places   int // with records
	first    int64
	codec    uint8
	unread   int // batches whose records could not be read

	counts        []count
	ids           []recordID
	headers, keys int // of ids
	terms         []term
}

// term is the name of a topic by its id.
type term struct {
	id   [16]byte
	name text
}

// reset forgets a message.
func (f *facts) reset() {
	*f = facts{text: f.text[:0], at: f.at[:0], counts: f.counts[:0], ids: f.ids[:0], terms: f.terms[:0]}
}

// get is a piece of text, borrowed until the next reset.
func (f *facts) get(t text) []byte { return f.text[t.from:t.to] }

// put keeps a copy of b; of long words nothing.
func (f *facts) put(b []byte) (t text) {
	if len(b) > maxWord || len(f.text)+len(b) > maxText {
		return t
	}
	from := len(f.text)
	f.text = append(f.text, b...)
	return text{int32(from), int32(len(f.text))}
}

// since is the text from a place on.
func (f *facts) since(from int) text { return text{int32(from), int32(len(f.text))} }

// word keeps a word if there is none yet.
func (f *facts) word(t *text, b []byte) {
	if t.empty() {
		*t = f.put(b)
	}
}

// onTopic notes a topic by its name.
func (f *facts) onTopic(name []byte) {
	f.at, f.atNamed = append(f.at[:0], name...), true
	if len(name) == 0 {
		return
	}
	f.differs(name)
	f.word(&f.topic, name)
}

// onTopicID notes a topic by its id, and by its name if that is known.
func (f *facts) onTopicID(id []byte, name string) {
	f.differs(id)
	if f.id.empty() {
		f.id = f.putID(id)
	}
	f.at, f.atNamed = append(f.at[:0], name...), name != ""
	if name == "" {
		f.at = appendID(f.at, id)
		return
	}
	if from := len(f.text); f.topic.empty() && from+len(name) <= maxText {
		f.text = append(f.text, name...)
		f.topic = f.since(from)
	}
}

// differs counts topics.
func (f *facts) differs(topic []byte) {
	if h := hash(topic); f.topics == 0 || h != f.atHash {
		f.topics++
		f.atHash = h
	}
}

// onTerm notes what a topic id stands for.
func (f *facts) onTerm(id [16]byte, name []byte) {
	if len(f.terms) < maxTerms && id != [16]byte{} {
		if n := f.put(name); !n.empty() {
			f.terms = append(f.terms, term{id, n})
		}
	}
}

// putID keeps a topic id.
func (f *facts) putID(id []byte) (t text) {
	from := len(f.text)
	if from+36 > maxText {
		return t
	}
	f.text = appendID(f.text, id)
	return f.since(from)
}

// appendID writes a topic id as UUIDs are written.
func appendID(b, id []byte) []byte {
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, id[:n])
		id = id[n:]
	}
	return b
}

// readID reads a topic id as appendID writes it.
func readID(b []byte) (id [16]byte) {
	n := 0
	for i := 0; i+1 < len(b) && n < len(id); i++ {
		if b[i] != '-' {
			id[n] = cursor.HexDigit(b[i])<<4 | cursor.HexDigit(b[i+1])
			n++
			i++
		}
	}
	return id
}

func (f *facts) onPartition(n int32) {
	f.atPart = n
	if f.parts++; f.parts == 1 {
		f.part = n
	}
}

func (f *facts) onError(code int16) {
	f.coded, f.atCode = true, code
	if f.code == 0 {
		f.code = code
	}
}

// onRecords notes a batch of records at the place where the walk is.
func (f *facts) onRecords(n int32, base int64, codec uint8) {
	if n <= 0 {
		return
	}
	if f.records == 0 {
		f.from, f.named, f.fromPart, f.first = f.put(f.at), f.atNamed, f.atPart, base
	}
	f.records += int64(n)
	if codec != 0 {
		f.codec = codec
	}
	last := len(f.counts) - 1
	switch {
	case last >= 0 && f.counts[last].topic == f.atHash && f.counts[last].part == f.atPart:
		f.counts[last].records += n
		return
	case len(f.counts) < maxCounts:
		f.counts = append(f.counts, count{f.atHash, f.atPart, n})
	}
	f.places++
}

// onID notes an ID from the header of a record.
func (f *facts) onID(class l7.IDClass, name text, value []byte) {
	if f.headers < maxHeaders {
		if v := f.put(value); !v.empty() {
			f.headers++
			f.ids = append(f.ids, recordID{class: class, name: name, value: v})
		}
	}
}

// onKey notes what a batch is known by on both sides, written from a place of
// the text on.
func (f *facts) onKey(key keyName, from int) {
	if f.keys < maxKeys && len(f.text) <= maxText {
		f.keys++
		f.ids = append(f.ids, recordID{class: l7.IDMessage, key: key, value: f.since(from)})
	} else {
		f.text = f.text[:from]
	}
}

// onOffset notes an offset: of Produce where the records sent went to, else the
// one that is asked for or told.
func (f *facts) onOffset(v int64, sent []count) {
	if v < 0 || f.atCode != 0 {
		return
	}
	if !f.hasOffset {
		f.offset, f.hasOffset = v, true
	}
	for i := range sent {
		if sent[i].topic == f.atHash && sent[i].part == f.atPart {
			f.offsetKey(v, int64(sent[i].records)-1)
			return
		}
	}
}

// number appends a number and what follows it.
func (f *facts) number(n int64, end byte) {
	f.text = strconv.AppendInt(f.text, n, 10)
	if end != 0 {
		f.text = append(f.text, end)
	}
}

// hash tells topics apart (FNV-1a).
func hash(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
