package show

import (
	"encoding/hex"
	"strconv"
	"time"
)

// appendHeader adds the line above a tree, with as much as fits.
func (r *renderer) appendHeader(dst []byte, b *block) []byte {
	plainText := renderer{Config: Config{ASCII: r.ASCII}}
	detail := 0
	for ; detail < 4; detail++ {
		r.raw = plainText.appendHeaderOf(r.raw[:0], b, detail)
		if r.Whole || columns(r.raw) <= r.width() {
			break
		}
	}
	return append(r.appendHeaderOf(dst, b, detail), '\n')
}

// appendHeaderOf leaves out the more the higher detail is.
func (r *renderer) appendHeaderOf(dst []byte, b *block, detail int) []byte {
	var digits [32]byte
	root := b.rootTrace()
	hex.Encode(digits[:], root[:])
	id, layout := digits[:], "2006-01-02 15:04:05.000000Z"
	if detail > 0 {
		id, layout = digits[:8], "15:04:05.000"
	}
	dst = r.literal(dst, dim, "trace ")
	dst = append(r.off(append(r.on(dst, bold), id...), bold), "  "...)
	if detail < 3 {
		dst = append(time.Unix(0, b.start).UTC().AppendFormat(dst, layout), "  "...)
	}
	dst = r.off(appendDuration(r.on(dst, bold), b.end-b.start, r.ASCII), bold)
	if detail < 2 {
		dst = appendCount(append(dst, "  "...), len(b.services), "service")
	}
	if detail < 4 {
		dst = appendCount(append(dst, "  "...), b.spans, "span")
	}
	if b.failed > 0 {
		dst = r.off(appendCount(r.on(append(dst, "  "...), red), b.failed, "error"), red)
	}
	return dst
}

func appendCount(dst []byte, n int, noun string) []byte {
	dst = append(append(strconv.AppendInt(dst, int64(n), 10), ' '), noun...)
	if n != 1 {
		dst = append(dst, 's')
	}
	return dst
}

// appendLegend explains the fills of the bars.
func (r *renderer) appendLegend(dst []byte) []byte {
	if r.barWidth() == 0 {
		return dst
	}
	for p := connect; p < phases; p++ {
		if p > connect {
			dst = append(dst, "  "...)
		}
		dst = r.literal(dst, phaseStyles[p], r.glyphs().fills[p])
		dst = append(dst, ' ')
		dst = r.literal(dst, dim, phaseNames[p])
	}
	return append(dst, '\n', '\n')
}
