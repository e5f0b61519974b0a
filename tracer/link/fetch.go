package link

// What waits is more than the processor's caches hold. Where many exchanges
// are dealt with in a row, a few are read ahead: memory that is asked for in
// one go comes in one go. The sums are kept only so that the reads are done.

// fetchAhead is the number of exchanges that are read ahead.
const fetchAhead = 16

// fetchRecords reads the slots of the index that opening will look at.
func (l *Linker) fetchRecords(r []Record) {
	var sum slot
	for i := range r[:min(fetchAhead, len(r))] {
		if r[i].Event&Opened == 0 {
			continue
		}
		sum += l.ix.touch(sightingKey(&r[i].Facts))
		if r[i].Flags&HasContext != 0 {
			sum += l.ix.touch(traceKey(&r[i].Facts))
		}
	}
	l.fetched += uint64(sum)
}

// fetchGroups reads what resolving looks at.
func (l *Linker) fetchGroups(work []release) {
	var sum uint64
	work = work[:min(fetchAhead, len(work))]
	for _, w := range work {
		sum += l.exchs.at(w.root).key
	}
	for _, w := range work {
		sum += uint64(l.sights.at(l.exchs.at(w.root).first).rec.Start)
	}
	l.fetched += sum
}

// fetchTraces reads what writing looks at.
func (l *Linker) fetchTraces(t []leaving) {
	var sum uint64
	t = t[:min(fetchAhead, len(t))]
	for i := range t {
		sum += uint64(l.exchs.at(l.out.order[t[i].from]).first)
	}
	for i := range t {
		sg := l.sights.at(l.exchs.at(l.out.order[t[i].from]).first)
		sum += uint64(sg.rec.Start) + uint64(sg.rec.Context.Kind) + uint64(sg.x)
	}
	for i := range t {
		b := l.bytes.view(l.sights.at(l.exchs.at(l.out.order[t[i].from]).first).rec.Pieces.whole())
		for j := 0; j < len(b); j += 64 {
			sum += uint64(b[j])
		}
	}
	l.fetched += sum
}

// fetchKeys reads the slots of the index that leave.
func (l *Linker) fetchKeys(work []release) {
	var sum uint64
	work = work[:min(fetchAhead, len(work))]
	for _, w := range work {
		sum += l.exchs.at(w.root).key
	}
	for _, w := range work {
		e := l.exchs.at(w.root)
		for i := range openSlot {
			sum += uint64(l.ix.touch(e.ents[i].key))
		}
	}
	l.fetched += sum
}
