package kafka

import "encoding/binary"

// Layout of a record batch (protocol guide, "Record Batch"): the magic byte is
// where message sets have it, too.
const (
	batchLength   = 8 // of what follows the length
	batchMagic    = 16
	batchCRC      = 17
	batchFlags    = 21
	batchLast     = 23 // offset of the last record, less that of the first
	batchTime     = 27 // of the first record
	batchProducer = 43
	batchEpoch    = 51
	batchSequence = 53
	batchCount    = 57
	batchHead     = 61

	batchPrefix = 12 // bytes that the length does not count

	flagControl = 1 << 5 // a marker of a transaction, no message
	flagCodec   = 7
)

// maxPacked is the largest compressed batch that is held to be read.
const maxPacked = 1 << 20

// records is where a walk is within a field of records.
type records struct {
	left  int64 // bytes of the field
	batch int64 // bytes of the records of the batch that is being scanned
	s     scan
}

// enterRecords takes the length of a field of records.
func (w *walker) enterRecords(b []byte) (int, verdict) {
	n, k, ok := w.length(b, 4)
	if k == 0 {
		return w.missing(ok)
	}
	w.levels[w.depth].next++
	switch {
	case n > w.left-int64(k):
		return 0, broken
	case n <= 0:
	case w.f == nil:
		w.left -= n
		w.skip += n
	default:
		w.inRecords, w.rec.left, w.rec.batch = true, n, 0
	}
	return k, further
}

// drop passes over n bytes of the records.
func (w *walker) drop(n int64) (int, verdict) {
	n = min(n, w.rec.left)
	w.rec.left -= n
	return 0, w.pass(n)
}

// giveUp passes over n bytes of the records that cannot be read.
func (w *walker) giveUp(n int64) (int, verdict) {
	w.f.unread++
	return w.drop(n)
}

// batches takes what is next in a field of records.
func (w *walker) batches(b []byte) (int, verdict) {
	r := &w.rec
	switch {
	case r.batch > 0:
		return w.scanning(b)
	case r.left == 0:
		w.inRecords = false
		return 0, further
	case r.left <= batchMagic: // a Fetch may end within a batch
		return w.drop(r.left)
	case len(b) <= batchMagic:
		return w.want(batchMagic + 1)
	}
	switch b[batchMagic] {
	case 0, 1:
		return w.legacy(b)
	case 2:
		return w.batch(b)
	}
	return w.giveUp(r.left)
}

// batch takes the head of a record batch, and its records if they are
// compressed.
func (w *walker) batch(b []byte) (int, verdict) {
	r := &w.rec
	size := int64(int32(binary.BigEndian.Uint32(b[batchLength:])))
	total := size + batchPrefix
	switch {
	case total < batchHead:
		return w.giveUp(r.left)
	case total > r.left:
		return w.drop(r.left)
	case len(b) < batchHead:
		return w.want(batchHead)
	}
	flags := binary.BigEndian.Uint16(b[batchFlags:])
	codec, held := uint8(flags&flagCodec), int64(len(b)) >= total
	switch {
	case flags&flagControl != 0:
		return w.drop(total)
	case codec != 0 && total <= maxPacked && !held && !w.final:
		return w.want(int(total))
	}
	n := int32(binary.BigEndian.Uint32(b[batchCount:]))
	base := int64(binary.BigEndian.Uint64(b))
	w.f.onRecords(n, base, codec)
	w.keys(b[:batchHead], base)
	switch {
	case n <= 0 || w.f.headers == maxHeaders:
		return w.drop(total)
	case codec == 0:
		r.s.begin(n)
		r.batch = total - batchHead
		r.left -= batchHead
		return batchHead, further
	case total > maxPacked || !w.unpack(codec, b[batchHead:min(total, int64(len(b)))], n):
		return w.giveUp(total)
	}
	return w.drop(total)
}

// scanning goes on with the records of a batch that is not compressed.
func (w *walker) scanning(b []byte) (int, verdict) {
	r := &w.rec
	n, v := r.s.scan(b[:min(int64(len(b)), r.batch)], w.f, w.match)
	r.batch -= int64(n)
	r.left -= int64(n)
	switch {
	case v == starved && r.s.skip > 0:
		k := min(r.s.skip, r.batch)
		r.s.skip -= k
		r.batch -= k
		r.left -= k
		w.left -= k
		w.skip += k
		if r.batch > 0 || r.s.skip == 0 {
			return n, further
		}
		v = broken
	case v == starved && int64(r.s.need) <= r.batch:
		w.need = r.s.need
		return n, starved
	}
	if v != done {
		w.f.unread++
	}
	rest := r.batch
	r.batch = 0
	r.left -= rest
	w.left -= rest
	w.skip += rest
	return n, further
}

// keys notes what the batch is known by where it is produced and where it is
// fetched (reference/inference.md, section 8): topic, partition and offset,
// which a producer learns with the response; the producer's id and sequence
// number, which the broker keeps, with the time of the first record; without
// them the checksum.
func (w *walker) keys(b []byte, base int64) {
	f := w.f
	last := int64(int32(binary.BigEndian.Uint32(b[batchLast:])))
	if w.fetched {
		f.offsetKey(base, last)
	}
	from := len(f.text)
	if producer := int64(binary.BigEndian.Uint64(b[batchProducer:])); producer >= 0 {
		first := int64(int32(binary.BigEndian.Uint32(b[batchSequence:])))
		f.number(producer, '/')
		f.number(int64(int16(binary.BigEndian.Uint16(b[batchEpoch:]))), '/')
		f.number(first, '-')
		f.number(first+last, '/')
		f.number(int64(binary.BigEndian.Uint64(b[batchTime:])), '/')
		f.number(int64(f.atPart), 0)
		f.onKey(keySequence, from)
		return
	}
	f.number(int64(binary.BigEndian.Uint32(b[batchCRC:])), '/')
	f.number(int64(binary.BigEndian.Uint64(b[batchTime:])), 0)
	f.onKey(keyDigest, from)
}

// offsetKey notes topic, partition and offsets of records.
func (f *facts) offsetKey(base, last int64) {
	if len(f.at) == 0 || len(f.text)+maxWord > maxText {
		return
	}
	from := len(f.text)
	f.text = append(append(f.text, f.at...), '/')
	f.number(int64(f.atPart), '/')
	f.number(base, '-')
	f.number(base+last, 0)
	f.onKey(keyOffsets, from)
}

// keyName is what an ID of a batch goes by.
type keyName uint8

// Names of IDs of batches.
const (
	keyOffsets keyName = iota
	keySequence
	keyDigest
)

var keyNames = [...][]byte{
	keyOffsets:  []byte("kafka.offsets"),  // topic/partition/first-last
	keySequence: []byte("kafka.sequence"), // producer/epoch/first-last/time/partition
	keyDigest:   []byte("kafka.digest"),   // checksum/time
}
