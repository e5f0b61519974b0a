package pcapfile

import (
	"encoding/binary"
	"fmt"

	"github.com/wirespan/wirespan/capture"
)

// A pcapng block, draft-ietf-opsawg-pcapng-03, section 3.1:
//
//	+---------------+---------------+----------------+---------------+
//	| type          | total length  | body, options  | total length  |
//	+---------------+---------------+----------------+---------------+
//
// Block types: section 4 and 10.1 of the draft.
const (
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockNames     = 4
	blockStats     = 5
	blockEnhanced  = 6
	blockSecrets   = 10

	blockMin       = 12 // header and trailing length
	sectionOptions = 24
	byteOrderTag   = 0x1a2b3c4d

	// maxWhole is the size up to which a block that is of no interest is read
	// whole, to compare its two lengths. Larger ones are skipped as they come.
	maxWhole = 64 << 10

	maxInterfaces = 1 << 16 // per section
)

type pcapng struct {
	order  binary.ByteOrder
	big    bool
	place  placer
	extras extras
	ifaces []iface
	named  map[string]struct{} // names of ifaces

	begun   bool  // a packet was seen
	skip    int64 // bytes of a skipped block yet to come
	skipped int64 // offset where that block began
}

func newPcapng(place placer, extras extras) *pcapng {
	return &pcapng{order: binary.LittleEndian, place: place, extras: extras}
}

func (d *pcapng) idle() bool { return d.skip == 0 }

func (d *pcapng) record(w *window) (string, int64) {
	if d.skip > 0 {
		return "block", d.skipped
	}
	if b := w.bytes(); len(b) >= 4 {
		return blockName(d.order.Uint32(b)), w.offset()
	}
	return "block", w.offset()
}

func blockName(kind uint32) string {
	switch kind {
	case magicSection:
		return "section header"
	case blockInterface:
		return "interface description"
	case blockEnhanced, blockPacket, blockSimple:
		return "packet block"
	case blockNames:
		return "name resolution block"
	case blockStats:
		return "interface statistics"
	case blockSecrets:
		return "decryption secrets"
	}
	return fmt.Sprintf("block of type %#x", kind)
}

func (d *pcapng) decode(w *window, dst []capture.Packet) (n, need int, bad *damage) {
	for n < len(dst) {
		b := w.bytes()
		if d.skip > 0 {
			k := min(d.skip, int64(len(b)))
			w.r += int(k)
			if d.skip -= k; d.skip > 0 {
				return n, 1, nil
			}
			continue
		}
		if len(b) < blockMin {
			return n, blockMin, nil
		}
		kind, total := d.header(b)
		if kind != blockEnhanced && n > 0 && !isPacketBlock(kind) && !skippable(kind) {
			// What the block says holds for the packets behind it: it opens a
			// batch, so that its effect does not depend on how the bytes came.
			return n, 0, nil
		}
		size, need, reason := d.frame(w, b, kind, total)
		if need > 0 {
			return n, need, nil
		}
		if reason == "" && d.skip == 0 {
			var got bool
			if got, reason = d.block(kind, b[:size], &dst[n]); reason == "" {
				w.r += size
				if got {
					n++
				}
			}
		}
		if reason != "" {
			if n > 0 {
				return n, 0, nil
			}
			return 0, 0, &damage{blockName(kind), w.offset(), reason}
		}
	}
	return n, 0, nil
}

func isPacketBlock(kind uint32) bool {
	return kind == blockEnhanced || kind == blockSimple || kind == blockPacket
}

// skippable reports whether a block of this type is of no interest.
func skippable(kind uint32) bool {
	switch kind {
	case magicSection, blockInterface, blockPacket, blockSimple, blockNames, blockStats, blockEnhanced, blockSecrets:
		return false
	}
	return true
}

// header reads type and total length. A section header brings its own order.
func (d *pcapng) header(b []byte) (kind, total uint32) {
	if d.big {
		kind, total = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	} else {
		kind, total = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	}
	if kind != magicSection {
		return kind, total
	}
	switch uint32(byteOrderTag) {
	case binary.LittleEndian.Uint32(b[8:]):
		return kind, binary.LittleEndian.Uint32(b[4:])
	case binary.BigEndian.Uint32(b[8:]):
		return kind, binary.BigEndian.Uint32(b[4:])
	}
	return kind, total
}

// frame finds the size of the block at b with its padding. It asks for the
// whole block first, or sets d.skip when there is no use in having it.
func (d *pcapng) frame(w *window, b []byte, kind, total uint32) (size, need int, reason string) {
	if total < blockMin {
		return 0, 0, fmt.Sprintf("block length %d is below the minimum of %d", total, blockMin)
	}
	padded := (int64(total) + 3) &^ 3
	large := skippable(kind) && total > maxWhole ||
		(kind == blockNames || kind == blockSecrets) && padded > maxRecord
	if large {
		if !skippable(kind) {
			d.extras.addUnread(kind)
		}
		d.skip, d.skipped = padded, w.offset()
		return 0, 0, ""
	}
	if padded > maxRecord {
		return 0, 0, fmt.Sprintf("block length %d is absurd", total)
	}
	size = int(total)
	if len(b) < size {
		return 0, size, ""
	}
	order := d.order
	if kind == magicSection {
		if order = sectionOrder(b); order == nil {
			return 0, 0, fmt.Sprintf("byte-order magic is % x", b[8:12])
		}
	}
	trailer := order.Uint32(b[size-4:])
	if trailer != total && size != int(padded) {
		// Some writers do not count the padding, others do not write it.
		if size = int(padded); len(b) < size {
			return 0, size, ""
		}
		trailer = order.Uint32(b[size-4:])
	}
	if trailer != total {
		return 0, 0, fmt.Sprintf("block length %d at the start, %d at the end", total, trailer)
	}
	return size, 0, ""
}

// block parses a whole block. got means that p was filled.
func (d *pcapng) block(kind uint32, b []byte, p *capture.Packet) (got bool, reason string) {
	if d.order == nil || d.ifaces == nil && kind != magicSection {
		return false, "precedes the section header"
	}
	switch kind {
	case blockEnhanced:
		reason = d.enhanced(b, p)
		return true, reason
	case blockPacket:
		reason = d.obsolete(b, p)
		return true, reason
	case blockSimple:
		reason = d.simple(b, p)
		return true, reason
	case magicSection:
		return false, d.section(b)
	case blockInterface:
		return false, d.description(b)
	case blockNames:
		d.names(b)
	case blockStats:
		d.statistics(b)
	case blockSecrets:
		d.secrets(b)
	}
	return false, ""
}

func sectionOrder(b []byte) binary.ByteOrder {
	switch uint32(byteOrderTag) {
	case binary.LittleEndian.Uint32(b[8:]):
		return binary.LittleEndian
	case binary.BigEndian.Uint32(b[8:]):
		return binary.BigEndian
	}
	return nil
}

// section starts a section: all interfaces are forgotten, section 4.1.
func (d *pcapng) section(b []byte) string {
	if len(b) < sectionOptions+4 {
		return fmt.Sprintf("block of %d bytes is too short", len(b))
	}
	order := sectionOrder(b)
	if major := order.Uint16(b[12:]); major != 1 {
		return fmt.Sprintf("pcapng version %d.%d is unknown", major, order.Uint16(b[14:]))
	}
	d.order, d.big = order, order == binary.BigEndian
	if d.ifaces == nil {
		d.ifaces = make([]iface, 0, 4)
		d.named = make(map[string]struct{})
	}
	clear(d.named)
	d.ifaces = d.ifaces[:0]
	var r Recording
	for kind, value := range eachOption(order, b[sectionOptions:len(b)-4]) {
		if kind == optionComment {
			r.takeFile(value)
		}
	}
	d.extras.addRecording(r)
	return ""
}
