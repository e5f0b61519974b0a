package pcapfile

import (
	"encoding/binary"
	"fmt"

	"github.com/wirespan/wirespan/capture"
)

// The pcap file, draft-ietf-opsawg-pcap-05:
//
//	 0               4               8               12
//	+---------------+-------+-------+---------------+---------------+
//	| magic         | major | minor | zone          | accuracy      |
//	+---------------+-------+-------+---------------+---------------+
//	| snaplen       | link type     | then records:
//	+---------------+---------------+---------------+---------------+
//	| seconds       | fraction      | captured      | on the wire   | data
//	+---------------+---------------+---------------+---------------+
//
// The IXIA variants have four more bytes behind the file header (the length
// of all records); the modified format of Alexey Kuznetsov has eight more in
// each record header: interface index, protocol, packet type, padding.
const (
	pcapHeader     = 24
	pcapIxiaHeader = 28
	pcapRecord     = 16
	pcapModified   = 24
	pcapPacketType = 22 // in a modified record header, one byte
)

// maxCaptured bounds the captured length; it leaves room for any header.
const maxCaptured = maxRecord - 256

type pcap struct {
	big      bool
	lengths  uint8 // which of the two lengths comes first
	modified bool
	header   int   // bytes of a record header
	fraction int64 // nanoseconds per unit of the fraction
	unsure   bool  // fraction may be 1 instead
	link     capture.LinkType
	tap      uint16
	placed   bool
	place    placer
}

// Order of the two lengths in a record header, libpcap sf-pcap.c: before
// version 2.3 the length on the wire came first, in 2.3 both ways were written.
const (
	capturedFirst = iota
	wireFirst
	eitherFirst
)

// newPcap reads the file header at the start of the window; need is the
// number of bytes it takes.
func newPcap(w *window, place placer) (d *pcap, need int, bad *damage) {
	b := w.bytes()
	magic, order := pcapMagic(b)
	size := pcapHeader
	if magic == magicIxiaHW || magic == magicIxiaSW {
		size = pcapIxiaHeader
	}
	if len(b) < size {
		return nil, size, nil
	}
	d = &pcap{
		big:      order == binary.BigEndian,
		header:   pcapRecord,
		fraction: 1000,
		link:     capture.LinkType(order.Uint32(b[20:])), // the upper half has the length of the FCS
		place:    place,
	}
	switch magic {
	case magicNano:
		d.fraction = 1
	case magicIxiaHW:
		d.unsure = true
	case magicModified:
		d.modified, d.header = true, pcapModified
	}
	major, minor := order.Uint16(b[4:]), order.Uint16(b[6:])
	switch {
	case major == 2 && minor < 3:
		d.lengths = wireFirst
	case major == 2 && minor == 3, major == 543: // 543: DG/UX
		d.lengths = eitherFirst
	case major != 2:
		return nil, 0, &damage{"file header", w.offset(), fmt.Sprintf("pcap version %d.%d is unknown", major, minor)}
	}
	w.r += size
	return d, 0, nil
}

func (d *pcap) record(w *window) (string, int64) { return "packet record", w.offset() }

func (d *pcap) idle() bool { return true }

func (d *pcap) decode(w *window, dst []capture.Packet) (n, need int, bad *damage) {
	b := w.bytes()
	start := len(b)
	for n < len(dst) {
		if len(b) < d.header {
			need = d.header
			break
		}
		var seconds, fraction, captured, wire uint32
		if d.big {
			seconds, fraction = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
			captured, wire = binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
		} else {
			seconds, fraction = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
			captured, wire = binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		}
		if d.lengths != capturedFirst && (d.lengths == wireFirst || captured > wire) {
			captured, wire = wire, captured
		}
		if captured > maxCaptured {
			if n == 0 {
				bad = &damage{
					"packet record", w.offset() + int64(start-len(b)),
					fmt.Sprintf("captured length %d is absurd", captured),
				}
			}
			break
		}
		end := d.header + int(captured)
		if len(b) < end {
			need = end
			break
		}
		if !d.placed {
			if d.tap, bad = d.place.place(linkOf{link: d.link, alone: true}); bad != nil {
				return 0, 0, bad
			}
			d.placed = true
			// IXIA hardware writes nanoseconds by some accounts, Wireshark
			// takes them for microseconds: the first record decides.
			if d.unsure && fraction > 999_999 {
				d.fraction = 1
			}
		}
		p := &dst[n]
		p.Data = b[d.header:end:end]
		// A fraction of more than a second is garbage, but the second may hold.
		p.Time = int64(seconds)*1e9 + min(int64(fraction)*d.fraction, 1e9-1)
		p.WireLen = max(wire, captured) // some writers leave the wire length 0
		p.Tap, p.Link, p.Dir, p.VLAN = d.tap, d.link, capture.DirUnknown, 0
		if d.modified {
			p.Dir = packetType(b[pcapPacketType])
		}
		b = b[end:]
		n++
	}
	w.r += start - len(b)
	return n, need, bad
}

// packetType translates sll_pkttype of packet(7).
func packetType(t byte) capture.Direction {
	if t == 4 {
		return capture.DirOut
	}
	if t < 4 {
		return capture.DirIn
	}
	return capture.DirUnknown
}
