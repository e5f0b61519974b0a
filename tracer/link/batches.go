package link

import (
	"cmp"
	"context"
	"slices"
)

// Queue is a sequence of batches of one worker, in the order it made them.
type Queue struct {
	batches []*Batch
	pos     []int // of the next record, by batch
}

// Push adds a batch, whose records are in order of time and not older than
// those of earlier batches. Records of equal time come in any order of shards.
func (q *Queue) Push(b *Batch) {
	sortTies(b.Records)
	if len(b.Records) > 0 {
		q.batches, q.pos = append(q.batches, b), append(q.pos, 0)
	}
}

// sortTies brings records of equal time into the order of shard and sequence.
func sortTies(r []Record) {
	for i := 0; i < len(r); {
		j := i + 1
		for j < len(r) && r[j].Time == r[i].Time {
			j++
		}
		if j-i > 1 {
			slices.SortStableFunc(r[i:j], func(a, b Record) int {
				return cmp.Or(cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Seq, b.Seq))
			})
		}
		i = j
	}
}

// head returns the next record and its batch, nil if there is none. A batch
// may begin at the time at which the one before it ended: then both have heads.
func (q *Queue) head() (best *Record, at int) {
	for i, b := range q.batches {
		r := &b.Records[q.pos[i]]
		if best != nil && r.Time > best.Time {
			break
		}
		if best == nil || before(r, best) {
			best, at = r, i
		}
	}
	return best, at
}

// pop takes the head of a batch off; a batch that is used up goes to done.
func (q *Queue) pop(i int, done func(*Batch)) {
	b := q.batches[i]
	if q.pos[i]++; q.pos[i] == len(b.Records) {
		q.batches, q.pos = slices.Delete(q.batches, i, i+1), slices.Delete(q.pos, i, i+1)
		done(b)
	}
}

// Consume takes the records of all workers that are older than watermark, the
// lowest time up to which every worker has come, and fires the timers before
// it. done gets back each batch that was used up.
func (l *Linker) Consume(ctx context.Context, queues []Queue, watermark int64, done func(*Batch)) error {
	for {
		q, i := earliest(queues)
		if q == nil {
			break
		}
		b := q.batches[i]
		at := q.pos[i]
		r := &b.Records[at]
		if r.Time >= watermark {
			break
		}
		if at%fetchAhead == 0 {
			l.fetchRecords(b.Records[at:])
		}
		if err := l.advance(ctx, r.Time); err != nil {
			return err
		}
		if err := l.take(ctx, r, b); err != nil {
			return err
		}
		q.pop(i, done)
	}
	return l.advance(ctx, watermark)
}

func earliest(queues []Queue) (q *Queue, batch int) {
	var best *Record
	for i := range queues {
		if r, at := queues[i].head(); r != nil && (best == nil || before(r, best)) {
			best, q, batch = r, &queues[i], at
		}
	}
	return q, batch
}

func before(a, b *Record) bool {
	if a.Time != b.Time {
		return a.Time < b.Time
	}
	if a.Shard != b.Shard {
		return a.Shard < b.Shard
	}
	return a.Seq < b.Seq
}
