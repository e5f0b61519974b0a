package pcapfile

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"strings"

	"github.com/wirespan/wirespan/capture"
)

// Interface description block, section 4.2.
const (
	descriptionLink    = 8
	descriptionSnaplen = 12
	descriptionOptions = 16

	optionEnd        = 0
	optionIfName     = 2
	optionResolution = 9
	optionTimeOffset = 14

	maxIfName  = 256
	maxSeconds = math.MaxInt64 / 1_000_000_000
)

// iface is one interface of a section.
type iface struct {
	clock   clock
	snaplen uint32
	link    capture.LinkType
	tap     uint16
	placed  bool // tap is valid
	alone   bool // the only one when the first packet came
	name    string
	point   string // capture point of a recording, empty in other files
	agent   string // who recorded it

	kernelDrops, ifaceDrops uint64 // last word of the statistics blocks
}

// description parses an interface description block.
func (d *pcapng) description(b []byte) string {
	if len(b) < descriptionOptions+4 {
		return fmt.Sprintf("block of %d bytes is too short", len(b))
	}
	if len(d.ifaces) == maxInterfaces {
		return fmt.Sprintf("more than %d interfaces in a section", maxInterfaces)
	}
	f := iface{
		link:    capture.LinkType(d.order.Uint16(b[descriptionLink:])),
		snaplen: d.order.Uint32(b[descriptionSnaplen:]),
	}
	resolution, offset := byte(6), int64(0)
	for kind, value := range eachOption(d.order, b[descriptionOptions:len(b)-4]) {
		switch {
		case kind == optionIfName:
			f.name = cleanName(value, maxIfName)
		case kind == optionResolution && len(value) >= 1:
			resolution = value[0]
		case kind == optionTimeOffset && len(value) >= 8:
			offset = int64(d.order.Uint64(value))
		case kind == optionComment:
			f.recordedAt(value)
		}
	}
	f.clock = newClock(resolution, offset)
	if _, twice := d.named[f.name]; twice && f.name != "" {
		f.name = fmt.Sprintf("%s#%d", f.name, len(d.ifaces))
	}
	d.named[f.name] = struct{}{}
	d.ifaces = append(d.ifaces, f)
	return ""
}

// cleanName makes a printable name of an option's value.
func cleanName(b []byte, most int) string {
	s := strings.ToValidUTF8(string(b[:min(len(b), most)]), "?")
	s, _, _ = strings.Cut(s, "\x00")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// eachOption yields the options in b; it stops at their end or at damage,
// section 3.5. The values are borrowed from b.
func eachOption(order binary.ByteOrder, b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			kind, size := order.Uint16(b), int(order.Uint16(b[2:]))
			if kind == optionEnd || size > len(b)-4 {
				return
			}
			if !yield(kind, b[4:4+size]) {
				return
			}
			b = b[min(4+(size+3)&^3, len(b)):]
		}
	}
}

// clock turns the time stamps of an interface into nanoseconds.
type clock struct {
	multiply uint64 // nanoseconds per unit, for 10^-9 and coarser
	divide   uint64 // units per nanosecond, for finer powers of 10
	shift    uint8  // for powers of 2: units per second are 1<<shift
	offset   int64  // nanoseconds
	useless  bool   // no time can come out
}

// newClock takes if_tsresol and if_tsoffset (seconds).
func newClock(resolution byte, offset int64) clock {
	var c clock
	exponent := resolution & 0x7f
	switch {
	case resolution&0x80 != 0:
		c.shift = exponent
		c.useless = exponent > 63
		if exponent == 0 {
			c.multiply = 1e9
		}
	case exponent <= 9:
		c.multiply = pow10(9 - exponent)
	case exponent <= 28:
		c.divide = pow10(exponent - 9)
	default:
		c.useless = true
	}
	if offset > maxSeconds || offset < -maxSeconds {
		c.useless = true
	}
	c.offset = offset * 1e9
	return c
}

func pow10(n byte) uint64 {
	p := uint64(1)
	for ; n > 0; n-- {
		p *= 10
	}
	return p
}

// nanoseconds gives the time since 1970, or 0 when it is not representable.
func (c *clock) nanoseconds(units uint64) int64 {
	var high, low uint64
	switch {
	case c.useless:
		return 0
	case c.multiply != 0:
		high, low = bits.Mul64(units, c.multiply)
	case c.divide != 0:
		low = units / c.divide
	default:
		high, low = bits.Mul64(units, 1e9)
		low = high<<(64-c.shift) | low>>c.shift
		high >>= c.shift
	}
	if high != 0 || low > math.MaxInt64 {
		return 0
	}
	t := int64(low)
	if c.offset > 0 && t > math.MaxInt64-c.offset || t+c.offset < 0 {
		return 0
	}
	return t + c.offset
}
