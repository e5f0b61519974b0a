package link

import "math"

// Numbers of the filter (reference/inference.md, section 6).
const (
	clockRecent  = 64             // the best of so many exchanges counts
	clockAnchors = 64             // points of the line, the best exchange of a period each
	clockSpan    = int64(600e9)   // the line is over this time
	maxPeriod    = clockSpan / 64 // of an anchor, at last
	minPeriod    = maxPeriod / 32 // and at first, so that short captures have a line
	rounding     = int64(10_000)  // times are taken in software, and in microseconds: two of one point may be wrong by this
	unknownRate  = 100e-6         // how fast clocks may part when that is not known: two bad crystals
	leastRate    = 0.1e-6         // no line is surer
	setAfter     = 3              // so many exchanges in a row that contradict what is known: a clock was set
	wobble       = int64(20_000)  // a contradiction is more than this: capture times are taken in software
	needForLine  = 3
)

// clockSample is what one exchange tells of the clocks of two points: the
// request took some time from one to the other, and so did the response, the
// other way. Half of both together is what the offset can be wrong by.
type clockSample struct {
	at  int64 // by the clock of a
	off int64 // clock(b) - clock(a)
	err int64 // off is right within it
}

// sampleOf compares the times of an exchange at two points. Which of them is
// nearer the client need not be known: there the request is seen first and the
// response last, so that the request's difference is the offset plus a delay,
// and the response's the offset minus a delay; with the points exchanged it is
// the other way round, and the offset lies between the two in both cases. Where
// TTLs do tell the order, and the times contradict it, one of them is not the
// time of the byte it should be: a segment was lost at one point.
func sampleOf(p, q *Facts) (m clockSample, ok bool) {
	if p.Outcome != Answered || q.Outcome != Answered || p.Point == q.Point ||
		p.ResponseStart <= p.Start || q.ResponseStart <= q.Start {
		return m, false
	}
	req, resp := q.Start-p.Start, q.ResponseStart-p.ResponseStart
	delay := req - resp
	if p.Flags&q.Flags&HasSeq != 0 && p.SeqRequest == q.SeqRequest && p.TTL != 0 && q.TTL != 0 && p.TTL != q.TTL {
		if nearer := p.TTL > q.TTL; nearer != (delay > 0) && abs(delay) > 2*rounding {
			return m, false
		}
	}
	return clockSample{at: p.Start, off: resp + delay/2, err: abs(delay)/2 + rounding}, true
}

// clockLine is an offset as a function of time.
type clockLine struct {
	best    clockSample
	rate    float64 // clock(b) gains so much on clock(a), per unit of time
	rateErr float64
}

// now returns the offset at a time of a, 0 for that of the best exchange, and
// how wrong it is at most.
func (k *clockLine) now(at int64) (off, bound int64) {
	if at == 0 {
		return k.best.off, k.best.err
	}
	return k.best.off + int64(math.Round(k.rate*float64(at-k.best.at))), k.worth(&k.best, at)
}

// worth is how wrong a sample is at a time.
func (k *clockLine) worth(m *clockSample, at int64) int64 {
	return m.err + int64(k.rateErr*float64(abs(at-m.at)))
}

// clockPair is what is known of the clocks of two points.
type clockPair struct {
	a, b uint16
	clockLine

	n       uint64 // exchanges since a clock was set
	recent  [clockRecent]clockSample
	picked  uint64 // n when best was added
	anchors []clockSample
	open    clockSample // best of the period that goes on
	period  int64
	index   int64 // of that period

	astray [setAfter]clockSample
	strays int
	before clockLine // until a clock was set
	setAt  int64     // when that was, by the clock of a; 0 never
	sets   uint32
	total  uint64
}

// add takes a sample and reports whether the line is another one.
func (k *clockPair) add(m clockSample) bool {
	k.total++
	if k.n == 0 {
		k.reset()
		k.take(m)
		return true
	}
	off, bound := k.now(m.at)
	if abs(m.off-off) <= m.err+bound+wobble {
		k.strays = 0
		return k.take(m)
	}
	k.astray[k.strays] = m
	if k.strays++; k.strays < setAfter {
		return false
	}
	if !agreed(k.astray[:]) {
		k.strays--
		copy(k.astray[:], k.astray[1:])
		return false
	}
	if abs(m.off-off) > usable {
		k.sets++
	}
	k.before, k.setAt = k.clockLine, k.astray[0].at
	k.reset()
	for _, m := range k.astray {
		k.take(m)
	}
	return true
}

// agreed reports whether samples may be of one line.
func agreed(list []clockSample) bool {
	last := &list[len(list)-1]
	for i := range list {
		m := &list[i]
		if abs(m.off-last.off) > m.err+last.err+wobble+int64(unknownRate*float64(abs(m.at-last.at))) {
			return false
		}
	}
	return true
}

func (k *clockPair) reset() {
	k.clockLine = clockLine{rateErr: unknownRate}
	k.n, k.picked, k.strays = 0, 0, 0
	k.anchors, k.open, k.period = k.anchors[:0], clockSample{}, minPeriod
}

// take puts a sample into the filter.
func (k *clockPair) take(m clockSample) (changed bool) {
	k.recent[k.n%clockRecent] = m
	k.n++
	changed = k.anchor(m)
	switch {
	case k.n == 1 || m.err <= k.worth(&k.best, m.at):
		k.best, k.picked = m, k.n
		return true
	case changed || k.n-k.picked >= clockRecent:
		k.pick(m.at)
		return true
	}
	return false
}

// pick finds the best of the recent samples at a time.
func (k *clockPair) pick(at int64) {
	n := min(k.n, clockRecent)
	for i := k.n - n; i < k.n; i++ {
		m := &k.recent[i%clockRecent]
		if i == k.n-n || k.worth(m, at) <= k.worth(&k.best, at) {
			k.best, k.picked = *m, i+1
		}
	}
}

// anchor keeps the best sample of every period, and reports whether the line
// through them is another one.
func (k *clockPair) anchor(m clockSample) bool {
	i := floorDiv(m.at, k.period)
	switch {
	case k.open.err == 0:
		k.open, k.index = m, i
		return false
	case i <= k.index:
		if m.err < k.open.err {
			k.open = m
		}
		return false
	}
	if len(k.anchors) == clockAnchors {
		k.thin()
	}
	k.anchors = append(k.anchors, k.open)
	k.open, k.index = m, floorDiv(m.at, k.period)
	k.fit()
	return true
}

// thin makes room for an anchor: by longer periods, at last by forgetting.
func (k *clockPair) thin() {
	if k.period*2 > maxPeriod {
		k.anchors = k.anchors[:copy(k.anchors, k.anchors[1:])]
		return
	}
	k.period *= 2
	n := 0
	for i := 0; i+1 < len(k.anchors); i += 2 {
		m := k.anchors[i]
		if o := k.anchors[i+1]; o.err < m.err {
			m = o
		}
		k.anchors[n] = m
		n++
	}
	k.anchors = k.anchors[:n]
}

// fit lays a line through the anchors, weighted by what they may be wrong by. A
// rate that is not twice its error is none.
func (k *clockPair) fit() {
	k.rate, k.rateErr = 0, unknownRate
	if len(k.anchors) < needForLine {
		return
	}
	first := &k.anchors[0]
	var sw, sx, sy float64
	for i := range k.anchors {
		x, y, w := k.anchors[i].from(first)
		sw, sx, sy = sw+w, sx+w*x, sy+w*y
	}
	mx, my := sx/sw, sy/sw
	var xx, xy float64
	for i := range k.anchors {
		x, y, w := k.anchors[i].from(first)
		xx, xy = xx+w*(x-mx)*(x-mx), xy+w*(x-mx)*(y-my)
	}
	if xx == 0 {
		return
	}
	rate, off := xy/xx, 0.0
	for i := range k.anchors { // what the line leaves unexplained makes it less sure
		x, y, w := k.anchors[i].from(first)
		d := y - my - rate*(x-mx)
		off += w * d * d
	}
	sure := math.Sqrt(max(1, off/float64(len(k.anchors)-2)) / xx)
	switch {
	case sure >= unknownRate:
	case math.Abs(rate) <= 2*sure:
		k.rateErr = min(unknownRate, max(leastRate, sure+math.Abs(rate)))
	default:
		k.rate, k.rateErr = rate, max(leastRate, sure)
	}
}

// from gives time and offset of a sample from those of another, and its weight.
func (m *clockSample) from(o *clockSample) (x, y, w float64) {
	return float64(m.at - o.at), float64(m.off - o.off), 1 / (float64(m.err) * float64(m.err))
}

// line is what held at a time of a.
func (k *clockPair) line(at int64) *clockLine {
	if at != 0 && k.setAt != 0 && at < k.setAt {
		return &k.before
	}
	return &k.clockLine
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
