package link

// mark is an exchange in a queue: it is gone when its slot holds another key.
type mark struct {
	x   int32
	key uint64
	at  int64
}

// markQueue is a queue of exchanges in order of time. Marks of exchanges that
// have left stay until they are at the head or until compact.
type markQueue struct {
	marks []mark
	head  int
}

func (q *markQueue) push(m mark) { q.marks = append(q.marks, m) }

func (q *markQueue) len() int { return len(q.marks) - q.head }

func (q *markQueue) peek() *mark { return &q.marks[q.head] }

func (q *markQueue) pop() mark {
	m := q.marks[q.head]
	if q.head++; q.head == len(q.marks) {
		q.marks, q.head = q.marks[:0], 0
	} else if q.head >= 1024 && q.head*2 >= len(q.marks) {
		q.marks = q.marks[:copy(q.marks, q.marks[q.head:])]
		q.head = 0
	}
	return m
}

// compact drops the marks that keep refuses, when there are more than n.
func (q *markQueue) compact(n int, keep func(mark) bool) {
	if q.len() <= n {
		return
	}
	out := q.marks[:0]
	for _, m := range q.marks[q.head:] {
		if keep(m) {
			out = append(out, m)
		}
	}
	q.marks, q.head = out, 0
}
