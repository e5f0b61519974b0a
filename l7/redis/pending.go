package redis

// kind is what a reply that is due means to the parser.
type kind uint8

// Kinds.
const (
	plain        kind = iota
	selects           // SELECT: the index is known when it succeeds
	subscribes        // confirmations, one per channel
	unsubscribes      // the same
	monitors          // lines of MONITOR follow
	syncs             // PSYNC: a snapshot and a stream of commands follow
	adds              // XADD: the reply is the id of the entry
	pops              // LPOP: the reply is the message
	popsPair          // BLPOP: the reply is key and message
	reads             // XREAD: streams and their entries
)

// due is a run of replies that are due, alike.
type due struct {
	kind kind
	n    uint32 // replies of a plain run; confirmations of a subscription; the index of SELECT
	hash uint64 // of the key
}

// maxDue bounds the runs that are remembered; beyond, replies are plain.
const maxDue = 512

// queue remembers what the next replies answer. The zero queue knows nothing:
// replies that it does not expect are plain.
type queue struct {
	runs []due
	head int
	full bool // commands were not remembered: nothing is sure until it is empty
}

// push remembers a command.
func (q *queue) push(d due) {
	if q.full {
		return
	}
	if n := len(q.runs); d.kind == plain {
		if n > q.head && q.runs[n-1].kind == plain {
			q.runs[n-1].n++
			return
		}
		d.n = 1
	}
	if q.head == len(q.runs) {
		q.runs, q.head = q.runs[:0], 0
	}
	if len(q.runs) >= maxDue {
		if q.head == 0 {
			q.clear()
			q.full = true
			return
		}
		q.runs, q.head = q.runs[:copy(q.runs, q.runs[q.head:])], 0
	}
	q.runs = append(q.runs, d)
}

// front is the run that the next reply belongs to.
func (q *queue) front() due {
	if q.head == len(q.runs) {
		return due{}
	}
	return q.runs[q.head]
}

// empty reports whether no reply is due.
func (q *queue) empty() bool { return q.head == len(q.runs) && !q.full }

// pop takes one reply off.
func (q *queue) pop() {
	if q.head == len(q.runs) {
		return
	}
	if r := &q.runs[q.head]; r.kind == plain && r.n > 1 {
		r.n--
		return
	}
	q.head++
}

// clear forgets everything.
func (q *queue) clear() { q.runs, q.head, q.full = q.runs[:0], 0, false }
