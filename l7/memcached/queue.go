package memcached

// due is a command whose reply may come.
type due struct {
	form  form
	quiet bool
	watch bool
}

// maxDue bounds what is remembered; beyond, nothing is known of replies.
const maxDue = 1024

// queue remembers commands in order. It tells the answers that quiet meta
// commands give after all from those that are due.
type queue struct {
	all  []due
	full bool
}

func (q *queue) push(d due) {
	if len(q.all) >= maxDue {
		q.clear()
		q.full = true
	}
	if q.full || d.quiet && d.form != meta && d.form != metaStore {
		return
	}
	q.all = append(q.all, d)
}

// answer takes the command off that a reply answers. pushed says that it is the
// answer of a quiet one: a command that is due would have another.
func (q *queue) answer(word []byte) (d due, pushed bool) {
	quiet := 0
	for quiet < len(q.all) && q.all[quiet].quiet {
		quiet++
	}
	if quiet == len(q.all) {
		q.clear()
		return d, quiet > 0
	}
	d = q.all[quiet]
	if d.form == metaEnd && string(word) != "MN" {
		return due{}, true
	}
	q.all = q.all[:copy(q.all, q.all[quiet+1:])]
	return d, false
}

func (q *queue) clear() { q.all, q.full = q.all[:0], false }
