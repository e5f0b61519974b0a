package show

import (
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// Widths of the columns at the right of a tree.
const (
	durationWidth = 8
	maxOutcome    = 22
	minLabel      = 16
	usualLabel    = 44 // labels take this much at least, so that most traces align
)

// row is one line of a tree; text is kept escaped in renderer.text.
type row struct {
	at                   int32 // node
	prefix, name, extra  part
	asker, arrow, server part // "asker → server"; arrow may stand alone in front
	outcome              part
}

// part is a piece of renderer.text.
type part struct{ from, to, width int }

// renderer turns blocks into text. Its memory is used again for each block.
type renderer struct {
	Config
	fields
	rows   []row
	text   []byte
	raw    []byte
	prefix []byte
}

func newRenderer(keys *span.Keys, c Config) renderer {
	return renderer{Config: c, fields: newFields(keys)}
}

// appendBlock adds one trace: header, tree and an empty line.
func (r *renderer) appendBlock(dst []byte, b *block) []byte {
	b.join(!r.Verbose)
	r.rows, r.text = r.rows[:0], r.text[:0]
	for i := range b.nodes {
		n := &b.nodes[i]
		if n.parent == none && n.shown == int32(i) {
			r.prefix = r.prefix[:0]
			r.addRows(b, int32(i), none, 0, plainBranch)
		}
	}
	label, outcome := 0, 3
	for i := range r.rows {
		w := &r.rows[i]
		label = max(label, w.labelWidth())
		outcome = max(outcome, min(w.outcome.width, maxOutcome))
	}
	bar := r.barWidth()
	rest := 1 + 2 + outcome + 2 + durationWidth
	if bar > 0 {
		rest += 2 + bar + 2
	}
	most := r.width() - rest
	if r.Whole { // what is not shortened aligns as far as a line of that width goes
		most = r.width()
	}
	label = max(min(max(label, usualLabel), most), minLabel)
	outcome = min(outcome, r.width()-label-(rest-outcome))

	dst = r.appendHeader(dst, b)
	for i := range r.rows {
		dst = r.appendRow(dst, b, &r.rows[i], label, outcome, bar)
		if r.Verbose {
			dst = r.appendNotes(dst, b, &r.rows[i])
		}
	}
	if hidden := b.spans - len(b.nodes); hidden > 0 {
		dst = r.on(dst, dim)
		dst = strconv.AppendInt(append(append(dst, r.glyphs().more...), ' '), int64(hidden), 10)
		dst = append(r.off(append(dst, " more spans"...), dim), '\n')
	}
	return append(dst, '\n')
}

func (r *renderer) barWidth() int {
	switch w := r.width(); {
	case w >= 100:
		return 24
	case w >= 80:
		return 16
	case w >= 66:
		return 10
	}
	return 0
}

type branch uint8

const (
	plainBranch branch = iota
	teeBranch
	lastBranch
)

// addRows adds a node and what hangs below it, children by start.
func (r *renderer) addRows(b *block, i, above int32, level int, br branch) {
	g := r.glyphs()
	n := &b.nodes[i]
	keep := len(r.prefix)
	w := row{at: i}
	from := len(r.text)
	r.text = append(r.text, r.prefix...)
	switch {
	case br == teeBranch && level <= maxLevels:
		r.text = append(r.text, g.tee...)
		r.prefix = append(r.prefix, g.pipe...)
	case br == lastBranch && level <= maxLevels:
		r.text = append(r.text, g.last...)
		r.prefix = append(r.prefix, g.blank...)
	case level > maxLevels: // too deep to indent further
		r.text = append(append(r.text, g.more...), ' ')
	}
	w.prefix = r.since(from)
	r.addLabel(b, &w, above)
	r.rows = append(r.rows, w)
	for c := n.first; c != none; c = b.nodes[c].next {
		br := teeBranch
		if b.nodes[c].next == none {
			br = lastBranch
		}
		r.addRows(b, c, i, level+1, br)
	}
	r.prefix = r.prefix[:keep]
}

// addLabel fills in service, name, capture points and outcome.
func (r *renderer) addLabel(b *block, w *row, above int32) {
	n := &b.nodes[w.at]
	deepest := &b.nodes[n.deepest]
	askerName := n.Service
	if asks(&n.Span) {
		r.raw = appendServer(r.raw[:0], &n.Span)
		if n.deepest != w.at && !asks(&deepest.Span) && len(deepest.Service) > 0 {
			r.raw = append(r.raw[:0], deepest.Service...)
		}
		if above != none && string(b.shownService(above)) == string(n.Service) {
			askerName = nil
		}
		if string(r.raw) == string(n.Service) { // asks itself: one name will do
			r.raw = r.raw[:0]
			askerName = n.Service
		}
		w.asker = r.escaped(askerName)
		if len(r.raw) > 0 {
			from := len(r.text)
			if len(askerName) > 0 {
				r.text = append(r.text, ' ')
			}
			r.text = append(append(r.text, r.glyphs().arrow...), ' ')
			w.arrow = r.since(from)
			w.server = r.escaped(r.raw)
		}
	} else {
		w.server = r.escaped(n.Service)
	}
	w.name = r.escaped(n.Name)
	if len(b.points) > 1 {
		w.extra = r.points(b, w.at, above)
	}
	r.raw = r.appendOutcome(r.raw[:0], &n.Span)
	w.outcome = r.escaped(r.raw)
	w.outcome.width += 2 // the mark
}

// shownService is the service whose own requests hang below a line: that of
// the sighting nearest the server.
func (b *block) shownService(i int32) []byte { return b.nodes[b.nodes[i].deepest].Service }

// points lists where an exchange was seen; a line without it was seen where
// the line above it in the tree was.
func (r *renderer) points(b *block, i, above int32) part {
	from := len(r.text)
	if b.nodes[i].deepest == i {
		p := str(&b.nodes[i].Span, span.KeyCapturePoint)
		if len(p) == 0 {
			return part{} // a process alone
		}
		if above != none && string(str(&b.nodes[b.nodes[above].deepest].Span, span.KeyCapturePoint)) == string(p) {
			return part{}
		}
		r.text = append(r.text, '@')
		r.text = appendEscaped(r.text, p, r.ASCII)
		return r.since(from)
	}
	r.text = append(r.text, "(seen at "...)
	for j := i; j != none; j = b.nextSighting(i, j) {
		if j != i {
			r.text = append(r.text, ", "...)
		}
		place := str(&b.nodes[j].Span, span.KeyCapturePoint)
		if len(place) == 0 { // a process: c-app, s-app
			place = str(&b.nodes[j].Span, span.KeyObservation)
		}
		r.text = appendEscaped(r.text, place, r.ASCII)
	}
	r.text = append(r.text, ')')
	return r.since(from)
}

func (r *renderer) escaped(s []byte) part {
	from := len(r.text)
	r.text = appendEscaped(r.text, s, r.ASCII)
	return r.since(from)
}

func (r *renderer) since(from int) part {
	return part{from, len(r.text), columns(r.text[from:])}
}

func (r *renderer) of(p part) []byte { return r.text[p.from:p.to] }

func (w *row) labelWidth() int {
	n := w.prefix.width + w.asker.width + w.arrow.width + w.server.width + 2 + w.name.width
	if w.extra.width > 0 {
		n += 2 + w.extra.width
	}
	return n
}

// fit shortens the parts of a label to the room there is; each keeps a few
// columns for as long as possible.
func (w *row) fit(room int) {
	over, extra := w.labelWidth()-room, w.extra.width
	for _, p := range [...]struct {
		part *part
		keep int
	}{
		{&w.extra, 16},
		{&w.name, 24},
		{&w.asker, 12},
		{&w.server, 20},
		{&w.extra, 0},
		{&w.name, 12},
		{&w.server, 12},
		{&w.name, 8},
		{&w.asker, 4},
		{&w.server, 4},
		{&w.prefix, 4},
		{&w.name, 0},
	} {
		if cut := min(over, p.part.width-p.keep); cut > 0 {
			p.part.width -= cut
			over -= cut
		}
	}
	if w.extra.width < extra && w.extra.width < 6 {
		w.extra.width = 0
	}
}

func (r *renderer) appendRow(dst []byte, b *block, w *row, label, outcome, bar int) []byte {
	n := &b.nodes[w.at]
	if !r.Whole {
		w.fit(label)
	}
	used := 0
	put := func(p part, s style) {
		if p.width > 0 {
			var k int
			dst = r.on(dst, s)
			dst, k = appendFit(dst, r.of(p), p.width, r.ASCII)
			dst = r.off(dst, s)
			used += k
		}
	}
	put(w.prefix, dim)
	put(w.asker, cyan)
	put(w.arrow, dim)
	put(w.server, cyan)
	if used > w.prefix.width && w.name.width > 0 {
		dst, used = append(dst, "  "...), used+2
	}
	put(w.name, plain)
	if w.extra.width > 0 {
		dst, used = append(dst, "  "...), used+2
		put(w.extra, dim)
	}
	dst = appendSpaces(dst, max(label-used, 0)+1)
	dst = r.appendMarked(dst, &n.Span, r.of(w.outcome), outcome)
	from := len(dst) + 2
	dst = append(dst, "  "...)
	dst = appendRight(dst, from, durationWidth, func(d []byte) []byte { return appendDuration(d, n.End-n.Start, r.ASCII) })
	if bar > 0 {
		dst = append(dst, "  "...)
		dst = r.appendBar(dst, &n.Span, b.origin, b.end, bar)
	}
	return append(dst, '\n')
}

// appendRight adds text at the right of a column of the given width that
// begins at from.
func appendRight(dst []byte, from, width int, text func([]byte) []byte) []byte {
	dst = text(dst)
	n := columns(dst[from:])
	if pad := width - n; pad > 0 {
		end := len(dst)
		dst = appendSpaces(dst, pad)
		copy(dst[from+pad:], dst[from:end])
		for i := range pad {
			dst[from+i] = ' '
		}
	}
	return dst
}

// appendMarked adds the outcome behind a mark for failures and unanswered
// requests.
func (r *renderer) appendMarked(dst []byte, s *span.Span, outcome []byte, width int) []byte {
	st, mark := plain, " "
	switch {
	case s.Status == span.Error:
		st, mark = red, r.glyphs().fail
	case unanswered(s):
		st, mark = yellow, r.glyphs().open
	case r.httpClass(s) >= 4:
		st = yellow
	case len(outcome) > 0:
		st = green
	}
	dst = append(append(r.on(dst, st), mark...), ' ')
	dst, n := appendFit(dst, outcome, r.room(columns(outcome), max(width-2, 0)), r.ASCII)
	return appendSpaces(r.off(dst, st), width-2-n)
}
