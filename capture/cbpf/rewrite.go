package cbpf

import (
	"slices"

	"golang.org/x/net/bpf"
)

// Accept is the program that takes snaplen bytes of every packet.
func Accept(snaplen uint32) []bpf.RawInstruction {
	return []bpf.RawInstruction{{Op: ret, K: snaplen}}
}

// Reject is the program that takes no packet.
func Reject() []bpf.RawInstruction { return Accept(0) }

// Snap limits what a program keeps of a packet to snaplen bytes. Lengths that
// it computes stay as they are.
func Snap(program []bpf.RawInstruction, snaplen uint32) []bpf.RawInstruction {
	out := slices.Clone(program)
	for i := range out {
		if out[i].Op == ret && out[i].K > snaplen {
			out[i].K = snaplen
		}
	}
	return out
}

// Way is a direction that a socket is to leave out.
type Way struct {
	Outgoing bool   // leave out what the host sends
	Incoming bool   // leave out what it receives
	Loopback uint32 // index of an interface of which what is sent is left out anyway, 0 none
}

// Leave puts in front of a program what rejects a direction.
func Leave(program []bpf.RawInstruction, w Way) []bpf.RawInstruction {
	var head []bpf.RawInstruction
	kind := bpf.RawInstruction{Op: ld | octet | abs, K: adOff + adPktType}
	reject := bpf.RawInstruction{Op: ret}
	switch {
	case w.Outgoing:
		head = []bpf.RawInstruction{kind, {Op: jmp | jeq, Jf: 1, K: pktOutgoing}, reject}
	case w.Incoming && w.Loopback != 0:
		// Of the loopback the incoming ones stay: they are the outgoing ones, too.
		head = []bpf.RawInstruction{
			kind,
			{Op: jmp | jeq, Jt: 0, Jf: 2, K: pktOutgoing},
			{Op: ld | word | abs, K: adOff + adIfindex},
			{Op: jmp | jeq, Jt: 2, Jf: 3, K: w.Loopback},
			{Op: ld | word | abs, K: adOff + adIfindex},
			{Op: jmp | jeq, Jt: 1, Jf: 0, K: w.Loopback},
			reject,
		}
	case w.Incoming:
		head = []bpf.RawInstruction{kind, {Op: jmp | jeq, Jt: 1, K: pktOutgoing}, reject}
	case w.Loopback != 0:
		head = []bpf.RawInstruction{
			kind,
			{Op: jmp | jeq, Jf: 3, K: pktOutgoing},
			{Op: ld | word | abs, K: adOff + adIfindex},
			{Op: jmp | jeq, Jf: 1, K: w.Loopback},
			reject,
		}
	}
	return append(head, program...)
}

// Offsets in a LINUX_SLL2 header.
const (
	sll2Protocol  = 0
	sll2Interface = 4
	sll2Hardware  = 8
	sll2PktType   = 10
	sll2Len       = 20
)

// Cooked turns a program for LINUX_SLL2 frames into one for a packet socket
// that yields packets from the network header on (SOCK_DGRAM). It reports
// false where the program asks for what such a socket does not show: the
// address in the header, or lengths.
func Cooked(program []bpf.RawInstruction) ([]bpf.RawInstruction, bool) {
	out := slices.Clone(program)
	for n := range out {
		i := &out[n]
		class, mode := i.Op&classMask, i.Op&modeMask
		if class == ret && i.Op&0x18 == retA {
			return nil, false
		}
		if class == ret && i.K > 0 {
			i.K = max(1, i.K-min(i.K, sll2Len)) // bytes behind the header
		}
		if class != ld && class != ldx {
			continue
		}
		switch mode {
		case length:
			return nil, false
		case abs, ind, msh:
			if i.K >= llOff { // an extension already
				continue
			}
			if i.K >= sll2Len {
				i.K -= sll2Len
				continue
			}
			if mode != abs || !field(i) {
				return nil, false
			}
		}
	}
	return out, true
}

// field turns the load of a field of the header into that of an extension.
func field(i *bpf.RawInstruction) bool {
	for _, f := range []struct {
		at   uint32
		size uint16
		ext  uint32
	}{
		{sll2Protocol, half, adProtocol},
		{sll2Interface, word, adIfindex},
		{sll2Hardware, half, adHatype},
		{sll2PktType, octet, adPktType},
	} {
		if i.K == f.at && i.Op&sizeMask == f.size {
			i.K = adOff + f.ext
			return true
		}
	}
	return false
}

// NeedsVLAN reports whether a program asks for tags that the kernel has
// stripped, which kernels before 3.8 do not tell programs: there it must run
// in user space.
func NeedsVLAN(program []bpf.RawInstruction) bool {
	return slices.ContainsFunc(program, func(i bpf.RawInstruction) bool {
		return i.Op&(classMask|modeMask) == ld|abs && (i.K == adOff+adVLANTag || i.K == adOff+adVLANExists || i.K == adOff+adVLANProto)
	})
}
