package openwire

// field takes a field. Nothing is changed, but for the reader, if bytes are
// missing.
func (w *walker) field(lv *level, f *field, r *reader) verdict {
	switch f.kind {
	case kBool:
		v := int64(0)
		if r.bool() {
			v = 1
		}
		return w.number(lv, f, r, v)
	case kByte:
		return w.number(lv, f, r, int64(int8(r.number(1))))
	case kInt:
		return w.number(lv, f, r, int64(int32(r.number(4))))
	case kLong:
		return w.number(lv, f, r, r.long())
	case kString:
		return w.str(lv, f, r)
	case kBytes:
		return w.bytes(lv, f, r)
	case kObject:
		return w.nested(lv, f, r, -1, false)
	case kCached:
		return w.cached(lv, f, r)
	case kList:
		return w.list(lv, r, listFields)
	case kTrace:
		return w.trace(lv, r)
	case kFrame:
		lv.next++
		return w.enter(level{fields: frameFields, left: 1, index: -1, mute: true})
	}
	return w.exception(lv, f, r)
}

// number takes a number.
func (w *walker) number(lv *level, f *field, r *reader, v int64) verdict {
	if r.short || r.bad {
		return further
	}
	lv.next++
	switch {
	case f.mean == mFirst:
		lv.id.first = v
	case f.mean == mNext:
		lv.id.next = v
	case !lv.mute:
		w.f.onNumber(f.mean, v)
	}
	return further
}

// str takes a string; whole if it means something, and is short.
func (w *walker) str(lv *level, f *field, r *reader) verdict {
	there := r.bool()
	if there && w.tight {
		r.bool() // whether it is ASCII
	}
	n := 0
	if there {
		n = int(r.number(2))
	}
	wanted := there && f.mean != nothing && (!lv.mute || lv.object >= firstID) && n <= maxWord
	var b []byte
	if wanted {
		b = r.take(n)
	}
	if r.short || r.bad {
		return further
	}
	lv.next++
	switch {
	case !there:
		return further
	case !wanted:
		if lv.object >= firstID && f.mean != nothing {
			lv.id.unknown = true
		}
		return w.passFrom(r, int64(n))
	case !printable(b):
		return broken
	}
	w.mix(b)
	if lv.object >= firstID {
		lv.id.name, lv.id.view = w.f.put(b), f.mean == mView
		lv.id.unknown = lv.id.unknown || lv.id.name.empty() && n > 0
		return further
	}
	w.f.onWord(f.mean, b)
	return further
}

// passFrom skips n bytes behind those that r has read.
func (w *walker) passFrom(r *reader, n int64) verdict {
	if n > w.left-int64(r.n) {
		return broken
	}
	return w.pass(n)
}

// bytes takes a byte array.
func (w *walker) bytes(lv *level, f *field, r *reader) verdict {
	there := r.bool()
	n := int64(0)
	if there {
		n = int64(int32(r.number(4)))
	}
	var b []byte
	if there && f.mean == mPart && n <= maxPart {
		b = r.take(int(n))
	}
	if r.short || r.bad {
		return further
	}
	whole := n <= maxPart
	n -= int64(len(b))
	if n < 0 || n > w.left-int64(r.n) {
		return broken
	}
	lv.next++
	switch {
	case f.mean == mPart:
		lv.id.onPart(w.f, b, whole)
	case lv.mute || !there:
	case f.mean == mContent:
		w.f.onNumber(mContent, n)
	case f.mean == mProperties && n > 0:
		w.props = properties{open: true, left: n, count: -1, offer: lv.object == wireFormatInfo}
		return further
	}
	return w.pass(n)
}

// nested takes the type of an object and goes into it.
func (w *walker) nested(lv *level, f *field, r *reader, index int, stored bool) verdict {
	if !r.bool() {
		if r.short || r.bad {
			return further
		}
		lv.next++
		if stored || f.mean != nothing {
			w.object(lv, f.mean, index, value{known: true})
		}
		return further
	}
	t := byte(r.number(1))
	if r.short || r.bad {
		return further
	}
	if t >= numType || schemas[t] == nil || !fits(f.mean, t) {
		return broken
	}
	if (isMessage(t) || t == wireFormatInfo) && r.tight && r.bool() { // marshalled before: never done
		return broken
	}
	if r.bad {
		return broken
	}
	lv.next++
	if !lv.mute && f.mean == mMessage {
		w.f.message = t
	}
	mute := lv.mute || f.mean == nothing
	return w.enter(level{fields: schemas[t], left: 1, object: t, mean: f.mean, index: index, mute: mute})
}

// cached takes an object that the cache has, or will have.
func (w *walker) cached(lv *level, f *field, r *reader) verdict {
	if !w.format.cache {
		return w.nested(lv, f, r, -1, false)
	}
	anew := r.bool()
	index := int(int16(r.number(2)))
	if anew {
		return w.nested(lv, f, r, index, true)
	}
	if r.short || r.bad {
		return further
	}
	if index < -1 || index >= maxCache {
		return broken
	}
	lv.next++
	e := w.cache.get(index)
	if e == nil {
		w.object(lv, f.mean, -1, value{})
		return further
	}
	if e.kind != 0 && !fits(f.mean, e.kind) {
		return broken
	}
	w.object(lv, f.mean, -1, value{kind: e.kind, known: true, text: w.f.put(e.text)})
	return further
}

// list takes the number of elements and goes into them.
func (w *walker) list(lv *level, r *reader, fields []field) verdict {
	n := 0
	if r.bool() {
		n = int(int16(r.number(2)))
	}
	if r.short || r.bad {
		return further
	}
	lv.next++
	if n <= 0 {
		return further
	}
	return w.enter(level{fields: fields, left: n, index: -1, mute: true})
}

// exception goes into a Java exception. The cause of one is read in its place, for
// they may be many.
func (w *walker) exception(lv *level, f *field, r *reader) verdict {
	cause := lv.object == 0 && len(lv.fields) == len(errorFields)
	if cause && !w.format.stack {
		lv.next++
		return further
	}
	there := r.bool()
	if r.short || r.bad {
		return further
	}
	lv.next++
	if !there {
		return further
	}
	w.threw = true
	if cause {
		lv.next, lv.mute = 0, true
		return further
	}
	return w.enter(level{fields: errorFields, left: 1, index: -1, mute: lv.mute || f.mean == nothing})
}

// trace goes into the frames of an exception.
func (w *walker) trace(lv *level, r *reader) verdict {
	if !w.format.stack {
		lv.next++
		return further
	}
	n := int(int16(r.number(2)))
	if r.short || r.bad {
		return further
	}
	lv.next++
	if n <= 0 {
		return further
	}
	return w.enter(level{fields: frameField, left: n, index: -1, mute: true})
}

// printable reports whether b may be a name: Java writes control characters as
// they are, but nobody gives names with them.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
