package cbpf

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
)

// Meta is what a program may ask beside the bytes of a packet. The zero value
// is a packet of which nothing is known but its bytes.
type Meta struct {
	Len       uint32 // length on the wire; 0: that of the bytes
	Net       int    // offset of the network header, for SKF_NET_OFF
	Interface uint32
	Protocol  uint16 // EtherType
	Hardware  uint16 // ARPHRD_
	VLAN      uint16 // tag that was stripped; valid iff HasVLAN
	VLANProto uint16
	PktType   uint8 // PACKET_ of if_packet.h
	HasVLAN   bool
}

// Run tells how many bytes of a packet the program wants, 0 for none. A program
// that reads beyond the packet, divides by zero or runs off its end wants none,
// as in the kernel. It never loops: jumps go forwards only.
func Run(program []bpf.RawInstruction, packet []byte, m *Meta) uint32 {
	r := machine{packet: packet, meta: m}
	for pc := 0; pc < len(program); pc++ {
		i := &program[pc]
		switch i.Op & classMask {
		case ld:
			if !r.load(i) {
				return 0
			}
		case ldx:
			if !r.loadX(i) {
				return 0
			}
		case st:
			r.mem[i.K%memWords] = r.a
		case stx:
			r.mem[i.K%memWords] = r.x
		case alu:
			if !r.compute(i) {
				return 0
			}
		case jmp:
			pc += r.jump(i)
		case ret:
			if i.Op&0x18 == retA {
				return r.a
			}
			return i.K
		case misc:
			if i.Op&0xf8 == txa {
				r.a = r.x
			} else {
				r.x = r.a
			}
		}
	}
	return 0
}

type machine struct {
	packet []byte
	meta   *Meta
	a, x   uint32
	mem    [memWords]uint32
}

func (r *machine) len() uint32 {
	if r.meta.Len != 0 {
		return r.meta.Len
	}
	return uint32(len(r.packet))
}

func (r *machine) load(i *bpf.RawInstruction) bool {
	switch i.Op & modeMask {
	case imm:
		r.a = i.K
	case mem:
		r.a = r.mem[i.K%memWords]
	case length:
		r.a = r.len()
	case abs:
		if i.K >= adOff {
			return r.extension(i.K - adOff)
		}
		return r.fetch(i.K, i.Op&sizeMask)
	case ind:
		return r.fetch(r.x+i.K, i.Op&sizeMask)
	default:
		return false
	}
	return true
}

// fetch loads from the packet, at offsets from its start, or from the link or
// network header.
func (r *machine) fetch(at uint32, size uint16) bool {
	from := int64(at)
	switch {
	case at >= netOff:
		from = int64(at-netOff) + int64(r.meta.Net)
	case at >= llOff:
		from = int64(at - llOff)
	}
	n := int64(4)
	switch size {
	case half:
		n = 2
	case octet:
		n = 1
	}
	if from+n > int64(len(r.packet)) {
		return false
	}
	b := r.packet[from:]
	switch n {
	case 4:
		r.a = binary.BigEndian.Uint32(b)
	case 2:
		r.a = uint32(binary.BigEndian.Uint16(b))
	default:
		r.a = uint32(b[0])
	}
	return true
}

// extension loads what the kernel knows about a packet. What is not known here
// ends the program.
func (r *machine) extension(k uint32) bool {
	m := r.meta
	switch k {
	case adProtocol:
		r.a = uint32(m.Protocol)
	case adPktType:
		r.a = uint32(m.PktType)
	case adIfindex:
		r.a = m.Interface
	case adHatype:
		r.a = uint32(m.Hardware)
	case adVLANTag:
		r.a = uint32(m.VLAN)
	case adVLANExists:
		r.a = 0
		if m.HasVLAN {
			r.a = 1
		}
	case adVLANProto:
		r.a = uint32(m.VLANProto)
	default:
		return false
	}
	return true
}

func (r *machine) loadX(i *bpf.RawInstruction) bool {
	switch i.Op & modeMask {
	case imm:
		r.x = i.K
	case mem:
		r.x = r.mem[i.K%memWords]
	case length:
		r.x = r.len()
	case msh:
		a := r.a
		if !r.fetch(i.K, octet) {
			return false
		}
		r.x, r.a = 4*(r.a&0xf), a
	default:
		return false
	}
	return true
}

func (r *machine) compute(i *bpf.RawInstruction) bool {
	v := i.K
	if i.Op&srcX != 0 {
		v = r.x
	}
	switch i.Op & opMask {
	case add:
		r.a += v
	case sub:
		r.a -= v
	case mul:
		r.a *= v
	case div:
		if v == 0 {
			return false
		}
		r.a /= v
	case mod:
		if v == 0 {
			return false
		}
		r.a %= v
	case or:
		r.a |= v
	case and:
		r.a &= v
	case xor:
		r.a ^= v
	case lsh:
		r.a <<= v & 31
	case rsh:
		r.a >>= v & 31
	case neg:
		r.a = -r.a
	default:
		return false
	}
	return true
}

// jump tells how many instructions to pass over.
func (r *machine) jump(i *bpf.RawInstruction) int {
	v := i.K
	if i.Op&srcX != 0 {
		v = r.x
	}
	var yes bool
	switch i.Op & opMask {
	case ja:
		return int(min(i.K, MaxInstructions))
	case jeq:
		yes = r.a == v
	case jgt:
		yes = r.a > v
	case jge:
		yes = r.a >= v
	case jset:
		yes = r.a&v != 0
	}
	if yes {
		return int(i.Jt)
	}
	return int(i.Jf)
}
