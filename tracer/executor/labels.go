package executor

// label notes for whom a call was made, and says so unless that is to wait.
func (t *Tracker) label(k *call, r *request, rule Rule, class Class, x *exec) {
	l := Label{Call: k.id, Request: r.id, Rule: rule, Class: class, Goroutine: x.thread.Goroutine != 0}
	if k.said {
		t.stats.Retracted++
		t.stats.Labels[k.class]--
		t.stats.Unlabeled++
		k.said = false
	}
	k.of, k.class = r, class
	if rule == Alone && k.step.request == r || !x.undecided() {
		t.tellLabel(k, l)
	} else if len(x.process.unsaid) < maxHeld {
		x.process.unsaid = append(x.process.unsaid, unsaid{k, l, r})
	}
}

// tellLabel hands a label to the sink.
func (t *Tracker) tellLabel(k *call, l Label) {
	k.said = true
	t.stats.Unlabeled--
	t.stats.Labels[l.Class]++
	t.sink.Label(l)
}

// relabel says for whom a call was made that nothing, or little, was said of.
func (t *Tracker) relabel(k *call, r *request, rule Rule, x *exec) {
	if t.now < t.doubted {
		return
	}
	t.label(k, r, rule, Inferred, x)
}
