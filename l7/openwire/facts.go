package openwire

import "github.com/wirespan/wirespan/l7"

// Bounds of what is kept of one command.
const (
	maxText = 16 << 10 // bytes of names and ids
	maxWord = 1 << 10  // bytes of one of them
	maxIDs  = 64       // from properties
)

// text is a piece of facts.text.
type text struct{ from, to int32 }

func (t text) empty() bool { return t.from == t.to }

// foundID is a property that carries an ID.
type foundID struct {
	class       l7.IDClass
	name, value text
}

// facts are what one command says. The text is reused.
type facts struct {
	text []byte
	ids  []foundID

	destination, replyTo, messageID, firstID, producer, consumer, session, connection, transaction, object, broker value

	correlation, group, kind, client, subscription, url, brokerName, exception text

	message    byte // type of the message in another command, 0 if there is none
	persistent bool
	compressed bool
	has        set // numbers that were there
	numbers    [numMeans]int64
	offer      format
}

// set is a set of meanings.
type set uint64

const numMeans = int(mPart) + 1

// reset forgets a command.
func (f *facts) reset() { *f = facts{text: f.text[:0], ids: f.ids[:0]} }

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

// number is what a number says, if it was there.
func (f *facts) number(m mean) (int64, bool) { return f.numbers[m], f.has>>m&1 == 1 }

// onNumber keeps a number.
func (f *facts) onNumber(m mean, v int64) {
	switch m {
	case nothing:
		return
	case mPersistent:
		f.persistent = v != 0
	case mCompressed:
		f.compressed = v != 0
	case mFormat:
		f.offer.version = uint8(max(0, min(v, 255)))
	}
	f.numbers[m], f.has = v, f.has|1<<m
}

// onWord keeps a string, the first of its kind.
func (f *facts) onWord(m mean, b []byte) {
	var t *text
	switch m {
	case mCorrelation:
		t = &f.correlation
	case mGroup:
		t = &f.group
	case mType:
		t = &f.kind
	case mClient:
		t = &f.client
	case mSubscription:
		t = &f.subscription
	case mURL:
		t = &f.url
	case mBrokerName:
		t = &f.brokerName
	case mException:
		t = &f.exception
	default:
		return
	}
	if t.empty() {
		*t = f.put(b)
	}
}

// onObject keeps an object, the first of its kind.
func (f *facts) onObject(m mean, v value) {
	var t *value
	switch m {
	case mDestination:
		t = &f.destination
	case mReplyTo:
		t = &f.replyTo
	case mMessageID:
		t = &f.messageID
	case mFirstID:
		t = &f.firstID
	case mProducer:
		t = &f.producer
	case mConsumer:
		t = &f.consumer
	case mSession:
		t = &f.session
	case mConnection:
		t = &f.connection
	case mTransaction:
		t = &f.transaction
	case mObject:
		t = &f.object
	case mBroker:
		t = &f.broker
	default:
		return
	}
	if !t.known {
		*t = v
	}
}

// onID keeps a property that carries an ID.
func (f *facts) onID(class l7.IDClass, name, value []byte) {
	if len(f.ids) == maxIDs || len(value) == 0 {
		return
	}
	if v := f.put(value); !v.empty() {
		f.ids = append(f.ids, foundID{class, f.put(name), v})
	}
}
