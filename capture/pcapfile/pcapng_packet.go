package pcapfile

import (
	"encoding/binary"
	"fmt"

	"github.com/wirespan/wirespan/capture"
)

// Bodies of the packet blocks, sections 4.3, 4.4 and appendix A of the draft;
// offsets count from the start of the block.
const (
	enhancedIface    = 8
	enhancedTime     = 12
	enhancedCaptured = 20
	enhancedWire     = 24
	enhancedPacket   = 28

	obsoleteIface = 8 // 16 bits, then a 16 bit count of drops; the rest as in an enhanced block

	simpleWire   = 8
	simplePacket = 12

	optionFlags = 2 // epb_flags and pack_flags
)

// enhanced parses an enhanced packet block.
func (d *pcapng) enhanced(b []byte, p *capture.Packet) string {
	if len(b) < enhancedPacket+4 {
		return fmt.Sprintf("block of %d bytes is too short", len(b))
	}
	if d.big {
		return d.timed(b, binary.BigEndian.Uint32(b[enhancedIface:]), p)
	}
	return d.timed(b, binary.LittleEndian.Uint32(b[enhancedIface:]), p)
}

// obsolete parses a packet block.
func (d *pcapng) obsolete(b []byte, p *capture.Packet) string {
	if len(b) < enhancedPacket+4 {
		return fmt.Sprintf("block of %d bytes is too short", len(b))
	}
	return d.timed(b, uint32(d.order.Uint16(b[obsoleteIface:])), p)
}

// timed parses what the enhanced and the obsolete block have in common.
func (d *pcapng) timed(b []byte, index uint32, p *capture.Packet) string {
	f, reason := d.iface(index)
	if f == nil {
		return reason
	}
	var high, low, captured, wire uint32
	if d.big {
		high, low = binary.BigEndian.Uint32(b[enhancedTime:]), binary.BigEndian.Uint32(b[enhancedTime+4:])
		captured, wire = binary.BigEndian.Uint32(b[enhancedCaptured:]), binary.BigEndian.Uint32(b[enhancedWire:])
	} else {
		high, low = binary.LittleEndian.Uint32(b[enhancedTime:]), binary.LittleEndian.Uint32(b[enhancedTime+4:])
		captured, wire = binary.LittleEndian.Uint32(b[enhancedCaptured:]), binary.LittleEndian.Uint32(b[enhancedWire:])
	}
	body := b[enhancedPacket : len(b)-4]
	if uint64(captured) > uint64(len(body)) {
		return fmt.Sprintf("captured length %d is beyond the block of %d bytes", captured, len(b))
	}
	p.Data = body[:captured:captured]
	p.Time = f.clock.nanoseconds(uint64(high)<<32 | uint64(low))
	p.WireLen = max(wire, captured)
	p.Tap, p.Link, p.Dir, p.VLAN = f.tap, f.link, capture.DirUnknown, 0
	if options := (int(captured) + 3) &^ 3; options+4 < len(body) {
		p.Dir = direction(d.order, body[options:])
	}
	return ""
}

// simple parses a simple packet block: interface 0, no time, captured length
// by the length on the wire, the snaplen and the block.
func (d *pcapng) simple(b []byte, p *capture.Packet) string {
	if len(b) < simplePacket+4 {
		return fmt.Sprintf("block of %d bytes is too short", len(b))
	}
	f, reason := d.iface(0)
	if f == nil {
		return reason
	}
	wire := d.order.Uint32(b[simpleWire:])
	body := b[simplePacket : len(b)-4]
	captured := min(uint64(wire), uint64(len(body)))
	if f.snaplen > 0 {
		captured = min(captured, uint64(f.snaplen))
	}
	p.Data = body[:captured:captured]
	p.Time, p.WireLen = 0, wire
	p.Tap, p.Link, p.Dir, p.VLAN = f.tap, f.link, capture.DirUnknown, 0
	return ""
}

// iface looks up an interface of the section and gives it a capture point at
// its first packet.
func (d *pcapng) iface(index uint32) (*iface, string) {
	if uint64(index) >= uint64(len(d.ifaces)) {
		return nil, fmt.Sprintf("interface %d is not described, there are %d", index, len(d.ifaces))
	}
	f := &d.ifaces[index]
	if !f.placed {
		if !d.begun {
			d.begun = true
			f.alone = len(d.ifaces) == 1
		}
		tap, bad := d.place.place(linkOf{link: f.link, name: f.name, index: int(index), alone: f.alone, point: f.point, agent: f.agent})
		if bad != nil {
			return nil, bad.reason
		}
		f.tap, f.placed = tap, true
	}
	return f, ""
}

// direction finds the flags option; bits 0 and 1 are the direction,
// section 4.3.1.
func direction(order binary.ByteOrder, options []byte) capture.Direction {
	for kind, value := range eachOption(order, options) {
		if kind != optionFlags || len(value) != 4 {
			continue
		}
		switch order.Uint32(value) & 3 {
		case 1:
			return capture.DirIn
		case 2:
			return capture.DirOut
		}
		break
	}
	return capture.DirUnknown
}
