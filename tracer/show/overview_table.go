package show

import "strconv"

// Widths of the columns of numbers.
const (
	countWidth = 10
	rateWidth  = 9
	errorWidth = 14
)

// appendTable adds the services, the busiest first, and below each its busiest
// endpoints.
func (o *Overview) appendTable(dst []byte) []byte {
	r := &o.render
	services := make([]*sum, 0, len(o.sums.services))
	for _, s := range o.sums.services {
		services = append(services, s.total())
	}
	ranked(services)
	label := o.labelWidth()
	dst = o.appendTitle(dst)
	dst = r.on(append(dst, '\n'), bold)
	dst, n := appendFit(dst, []byte("SERVICE / ENDPOINT"), label, r.ASCII)
	dst = appendSpaces(dst, label-n)
	for _, c := range o.numberColumns() {
		dst = appendSpaces(dst, c.width-len(c.title))
		dst = append(dst, c.title...)
	}
	dst = append(r.off(dst, bold), '\n')
	for i, s := range services {
		if i == maxShownServices {
			dst = o.appendRest(dst, len(services)-i, "service", "")
			break
		}
		if only := o.sums.services[s.name].only(); only != nil {
			s.name += "  " + only.name
			dst = o.appendSum(dst, s, label, "", cyan)
			continue
		}
		dst = o.appendSum(dst, s, label, "", cyan)
		names := make([]*sum, 0, len(o.sums.services[s.name].names))
		for _, p := range o.sums.services[s.name].names {
			names = append(names, p)
		}
		for j, p := range ranked(names) {
			if j == maxShownEndpoints {
				dst = o.appendRest(dst, len(names)-j, "endpoint", "  ")
				break
			}
			dst = o.appendSum(dst, p, label, "  ", plain)
		}
	}
	return dst
}

func (o *Overview) appendRest(dst []byte, n int, noun, indent string) []byte {
	r := &o.render
	dst = append(append(append(r.on(dst, dim), indent...), r.glyphs().more...), ' ')
	return append(r.off(appendCount(dst, n, "more "+noun), dim), '\n')
}

// appendTitle adds the line that says how much there was.
func (o *Overview) appendTitle(dst []byte) []byte {
	r := &o.render
	dst = appendCount(r.on(dst, bold), o.traces, "trace")
	dst = appendCount(append(dst, ", "...), o.requests, "request")
	dst = append(dst, " in "...)
	dst = r.off(appendDuration(dst, o.end-o.start, r.ASCII), bold)
	if o.bad > 0 && r.width() < 100 { // a line of its own always fits
		dst = append(dst, '\n')
		dst = append(r.off(append(appendCount(r.on(dst, red), o.bad, "trace"), " failed"...), red), '\n')
		return dst
	}
	if o.bad > 0 {
		dst = r.on(append(dst, ", "...), red)
		dst = r.off(append(appendCount(dst, o.bad, "trace"), " failed"...), red)
	}
	return append(dst, '\n')
}

type numberColumn struct {
	title string
	width int
	text  func(dst []byte, s *sum) []byte
}

// numberColumns are the columns that fit, the most telling ones first.
func (o *Overview) numberColumns() []numberColumn {
	latency := func(title string, of func(*histogram) int64) numberColumn {
		return numberColumn{title, durationWidth + 2, func(dst []byte, s *sum) []byte {
			return appendDuration(dst, of(&s.latency), o.render.ASCII)
		}}
	}
	quantile := func(q float64) func(*histogram) int64 {
		return func(h *histogram) int64 { return h.quantile(q) }
	}
	all := []numberColumn{
		{"REQUESTS", countWidth, func(dst []byte, s *sum) []byte { return strconv.AppendInt(dst, s.latency.count, 10) }},
		{"PER S", rateWidth, o.appendRate},
		{"ERRORS", errorWidth, appendErrors},
		latency("P50", quantile(0.5)), latency("P95", quantile(0.95)), latency("P99", quantile(0.99)),
		latency("MAX", func(h *histogram) int64 { return h.max }),
	}
	room := o.render.width() - 20
	shown := all[:0]
	for _, c := range all {
		if room -= c.width; room < 0 {
			break
		}
		shown = append(shown, c)
	}
	return shown
}

// labelWidth is what the numbers leave, as far as names need it.
func (o *Overview) labelWidth() int {
	room := o.render.width()
	for _, c := range o.numberColumns() {
		room -= c.width
	}
	need := 24
	for _, s := range o.sums.services {
		need = max(need, len(s.name)+2)
		if p := s.only(); p != nil {
			need = max(need, len(s.name)+len(p.name)+4)
		}
		for _, p := range s.names {
			need = max(need, len(p.name)+4)
		}
	}
	return min(room, need)
}

func (o *Overview) appendRate(dst []byte, s *sum) []byte {
	seconds := float64(o.end-o.start) / 1e9
	if seconds <= 0 {
		return append(dst, '-')
	}
	rate := float64(s.latency.count) / seconds
	decimals := 2
	if rate >= 100 {
		decimals = 0
	} else if rate >= 10 {
		decimals = 1
	}
	return strconv.AppendFloat(dst, rate, 'f', decimals, 64)
}

func appendErrors(dst []byte, s *sum) []byte {
	if s.failed == 0 {
		return append(dst, '-')
	}
	dst = append(strconv.AppendInt(dst, s.failed, 10), ' ')
	share := 100 * float64(s.failed) / float64(s.latency.count)
	decimals := 0
	if share < 10 {
		decimals = 1
	}
	return append(strconv.AppendFloat(dst, share, 'f', decimals, 64), '%')
}

func (o *Overview) appendSum(dst []byte, s *sum, label int, indent string, st style) []byte {
	r := &o.render
	dst = append(r.on(dst, st), indent...)
	o.raw = appendEscaped(o.raw[:0], []byte(s.name), r.ASCII)
	dst, n := appendFit(dst, o.raw, r.room(columns(o.raw), label-len(indent)), r.ASCII)
	dst = appendSpaces(r.off(dst, st), label-len(indent)-n)
	for _, c := range o.numberColumns() {
		st := plain
		if c.title == "ERRORS" && s.failed > 0 {
			st = red
		}
		o.raw = c.text(o.raw[:0], s)
		dst = appendSpaces(dst, c.width-columns(o.raw))
		dst = r.off(append(r.on(dst, st), o.raw...), st)
	}
	return append(dst, '\n')
}
