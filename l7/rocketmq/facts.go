package rocketmq

import (
	"bytes"
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// Bounds of what is kept of one command.
const (
	maxText = 16 << 10 // bytes of names and IDs
	maxWord = 1 << 10  // bytes of one of them
	maxIDs  = 64       // from properties
	maxKeys = 64       // IDs of messages
)

// text is a piece of facts.text.
type text struct{ from, to int32 }

func (t text) empty() bool { return t.from == t.to }

// foundID is an ID in the text.
type foundID struct {
	class       l7.IDClass
	name, value text
	fixed       []byte // name of an IDMessage
}

// facts are what one command says. The text is reused.
type facts struct {
	text []byte

	topic, group, producer, queue, id, tag, msgKeys, delay, sharding, conversation, client text

	offset      int64
	hasOffset   bool
	transaction bool
	messages    int64
	ids         []foundID
	props, keys int // of ids
}

// reset forgets a command.
func (f *facts) reset() { *f = facts{text: f.text[:0], ids: f.ids[:0]} }

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

// word keeps a word if there is none yet.
func (f *facts) word(t *text, b []byte) {
	if t.empty() {
		*t = f.put(b)
	}
}

// number keeps a number if it is one.
func (f *facts) number(b []byte) {
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil && len(b) < 20 {
		f.offset, f.hasOffset = n, true
	}
}

// onID notes an ID by its name on the wire.
func (f *facts) onID(class l7.IDClass, name, value []byte) {
	if f.props == maxIDs || len(value) == 0 {
		return
	}
	if v := f.put(value); !v.empty() {
		f.props++
		f.ids = append(f.ids, foundID{class: class, name: f.put(name), value: v})
	}
}

// Names of what a message is known by on both sides (reference/inference.md,
// section 8).
var (
	uniqueName = []byte("rocketmq.unique")
	offsetName = []byte("rocketmq.offset") // topic/queue/offset
)

// onKey notes what a message is known by.
func (f *facts) onKey(name []byte, v text) {
	if f.keys < maxKeys && !v.empty() {
		f.keys++
		f.ids = append(f.ids, foundID{class: l7.IDMessage, fixed: name, value: v})
	}
}

// onPlace notes topic, queue and offset of a message.
func (f *facts) onPlace(topic []byte, queue, offset int64) {
	from := len(f.text)
	if len(topic) == 0 || from+len(topic)+48 > maxText {
		return
	}
	f.text = append(append(f.text, topic...), '/')
	f.text = append(strconv.AppendInt(f.text, queue, 10), '/')
	f.text = strconv.AppendInt(f.text, offset, 10)
	f.onKey(offsetName, text{int32(from), int32(len(f.text))})
}

// properties reads those of a message: names and values with \x01 between and
// \x02 behind (class MessageDecoder).
func (f *facts) properties(b []byte, match l7.IDMatcher) {
	for len(b) > 0 {
		var item []byte
		if i := bytes.IndexByte(b, 2); i >= 0 {
			item, b = b[:i], b[i+1:]
		} else {
			item, b = b, nil
		}
		i := bytes.IndexByte(item, 1)
		if i <= 0 {
			continue
		}
		name, value := item[:i], item[i+1:]
		if class := match.Match(name); class != l7.IDNone {
			f.onID(class, name, value)
		} else {
			f.property(name, value)
		}
	}
}

// property keeps what one of RocketMQ's own says (class MessageConst).
func (f *facts) property(name, value []byte) {
	switch string(name) {
	case "UNIQ_KEY":
		v := f.put(value)
		if f.id.empty() {
			f.id = v
		}
		f.onKey(uniqueName, v)
	case "TAGS":
		f.word(&f.tag, value)
	case "KEYS":
		f.word(&f.msgKeys, value)
	case "DELAY":
		f.word(&f.delay, value)
	case "__SHARDINGKEY":
		f.word(&f.sharding, value)
	case "CORRELATION_ID":
		f.word(&f.conversation, value)
	case "TRAN_MSG":
		f.transaction = string(value) == "true"
	}
}
