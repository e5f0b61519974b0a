package pcapfile

import (
	"encoding/binary"
	"strings"

	"github.com/wirespan/wirespan/capture"
)

// Options that are written beside those that are read, sections 4.1 to 4.6.
const (
	optionComment     = 1
	optionApplication = 4 // shb_userappl
	optionStatsStart  = 2 // isb_starttime
	optionStatsEnd    = 3
	optionIfReceived  = 4
	optionDelivered   = 8 // isb_usrdeliv
)

// openBlock appends the head of a block; closeBlock puts the lengths in.
func openBlock(b []byte, kind uint32) []byte {
	b = binary.LittleEndian.AppendUint32(b, kind)
	return append(b, 0, 0, 0, 0)
}

// closeBlock ends the block that began at from.
func closeBlock(b []byte, from int) []byte {
	total := uint32(len(b) - from + 4)
	binary.LittleEndian.PutUint32(b[from+4:], total)
	return binary.LittleEndian.AppendUint32(b, total)
}

func appendOption(b []byte, kind uint16, value string) []byte {
	value = value[:min(len(value), 1<<16-1)]
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return padBlock(append(b, value...), len(value))
}

func appendOption64(b []byte, kind uint16, value uint64) []byte {
	b = binary.LittleEndian.AppendUint16(b, kind)
	return binary.LittleEndian.AppendUint64(append(b, 8, 0), value)
}

// appendTime appends a time stamp as blocks have it: the high half first.
func appendTime(b []byte, ns int64) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(uint64(ns)>>32))
	return binary.LittleEndian.AppendUint32(b, uint32(ns))
}

// padBlock fills up to 32 bits what size bytes left open.
func padBlock(b []byte, size int) []byte {
	for ; size&3 != 0; size++ {
		b = append(b, 0)
	}
	return b
}

func endOptions(b []byte) []byte { return append(b, 0, 0, 0, 0) }

// appendSection appends a section header, section 4.1.
func appendSection(b []byte, r *Recording) []byte {
	from := len(b)
	b = openBlock(b, magicSection)
	b = binary.LittleEndian.AppendUint32(b, byteOrderTag)
	b = append(b, 1, 0, 0, 0)                                   // version 1.0
	b = binary.LittleEndian.AppendUint64(b, 0xffffffffffffffff) // length unknown
	b = appendOption(b, optionApplication, "wirespan")
	if r != nil && r.ID != "" {
		b = appendOption(b, optionComment, r.file())
	}
	if r != nil {
		for line := range strings.Lines(r.Settings) {
			b = appendOption(b, optionComment, commentSet+strings.TrimSuffix(line, "\n"))
		}
	}
	return closeBlock(endOptions(b), from)
}

// appendInterface appends an interface description, section 4.2.
func appendInterface(b []byte, link capture.LinkType, point string, r *Recording) []byte {
	from := len(b)
	b = openBlock(b, blockInterface)
	b = binary.LittleEndian.AppendUint16(b, uint16(link))
	b = append(b, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, writerSnaplen)
	if point != "" {
		b = appendOption(b, optionIfName, point[:min(len(point), maxIfName)])
	}
	if r != nil {
		if point != "" {
			b = appendOption(b, optionComment, commentPoint+point)
		}
		if r.Agent != "" {
			b = appendOption(b, optionComment, commentAgent+r.Agent)
		}
	}
	b = append(b, optionResolution, 0, 1, 0, 9, 0, 0, 0)
	return closeBlock(endOptions(b), from)
}

// appendPacket appends an enhanced packet block whose frame comes
// in two parts, section 4.3.
func appendPacket(b []byte, iface uint32, p *capture.Packet, wire uint32, head, tail []byte) []byte {
	from, size := len(b), len(head)+len(tail)
	b = openBlock(b, blockEnhanced)
	b = binary.LittleEndian.AppendUint32(b, iface)
	b = appendTime(b, p.Time)
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, max(wire, uint32(size)))
	b = append(append(b, head...), tail...)
	b = padBlock(b, size)
	if p.Dir == capture.DirIn || p.Dir == capture.DirOut {
		b = append(b, optionFlags, 0, 4, 0, byte(p.Dir), 0, 0, 0)
		b = endOptions(b)
	}
	return closeBlock(b, from)
}

// IfaceStats are the counters of an interface statistics block. What they
// count began with the file.
type IfaceStats struct {
	Start, End int64  // nanoseconds since 1970
	Received   uint64 // packets that the interface had for us, recorded or not
	Delivered  uint64 // packets in the file
	IfDrops    uint64 // dropped by the interface
	Drops      uint64 // dropped by the kernel, and on the way into the file
	Comment    string // for people
}

// appendStatistics appends an interface statistics block, section 4.6.
func appendStatistics(b []byte, iface uint32, s *IfaceStats) []byte {
	from := len(b)
	b = openBlock(b, blockStats)
	b = binary.LittleEndian.AppendUint32(b, iface)
	b = appendTime(b, s.End)
	if s.Comment != "" {
		b = appendOption(b, optionComment, s.Comment)
	}
	b = appendTime(append(b, optionStatsStart, 0, 8, 0), s.Start)
	b = appendTime(append(b, optionStatsEnd, 0, 8, 0), s.End)
	b = appendOption64(b, optionIfReceived, s.Received)
	b = appendOption64(b, optionIfDrop, s.IfDrops)
	b = appendOption64(b, optionOSDrop, s.Drops)
	b = appendOption64(b, optionDelivered, s.Delivered)
	return closeBlock(endOptions(b), from)
}
