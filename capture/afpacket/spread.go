package afpacket

import (
	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// spread is the program that chooses the ring of a packet, the same one for
// both directions of a connection: TCP by the sum of addresses and ports; all
// else, fragments and tunnels among it, by the sum of the outer addresses,
// because ports are missing in later fragments, and the outer ports of VXLAN
// and the like differ by direction. What is not IP, and links whose header
// differs by direction, go to ring 0.
//
// The kernel runs it (fanout_demux_bpf) on packets as they are on their way: a
// packet that comes in begins with its network header, behind one VLAN tag that
// is stripped; one that goes out begins with the link header, tags included
// where the device does not insert them. Loads relative to headers
// (SKF_NET_OFF) would do for both, but fail where a header is not in the linear
// part of a packet; plain offsets are found anywhere.
func spread(link capture.LinkType) []bpf.RawInstruction {
	var a assembler
	switch link {
	case capture.LinkEthernet:
		a.put(opLoadByte, extPktType)
		a.jump(pktOutgoing, "ether", "in")
	case capture.LinkRaw:
		// Among raw links only those without any header are certain.
		a.put(opLoadHalf, extHardware)
		a.jump(hwNone, "in", "zero")
	case capture.LinkSLL2:
		a.put(opLoadByte, extPktType)
		a.jump(pktOutgoing, "out", "in")
		a.label("out")
		a.put(opLoadHalf, extHardware)
		a.jump(hwEther, "ether", "")
		a.jump(hwLoopback, "ether", "")
		a.jump(hwNone, "in", "zero")
	default:
		return []bpf.RawInstruction{{Op: opReturn}}
	}
	a.label("in")
	a.put(opLoadHalf, extProtocol)
	a.put(opLoadXImm, 0)
	a.goTo("type")
	a.label("ether")
	a.put(opLoadHalf, 12)
	a.put(opLoadXImm, 14)
	a.label("type")
	a.tags()
	a.mpls()
	a.ipv4()
	a.ipv6()
	a.ports()
	a.label("zero")
	a.put(opReturn, 0)
	return a.program()
}

// Opcodes of linux/bpf_common.h that the program uses.
const (
	opLoadByte  = 0x30 // ldb [k]
	opLoadHalf  = 0x28 // ldh [k]
	opByteX     = 0x50 // ldb [x+k]
	opHalfX     = 0x48 // ldh [x+k]
	opWordX     = 0x40 // ld [x+k]
	opLoadMem   = 0x60
	opStore     = 0x02
	opLoadXImm  = 0x01
	opAdd       = 0x04
	opAddX      = 0x0c
	opMul       = 0x24
	opAnd       = 0x54
	opLsh       = 0x64
	opRsh       = 0x74
	opXorX      = 0xac
	opJumpEq    = 0x15
	opJumpSet   = 0x45
	opJump      = 0x05
	opToX       = 0x07
	opFromX     = 0x87
	opReturn    = 0x06
	opReturnA   = 0x16
	pktOutgoing = 4

	extProtocol = 0xfffff000 + 0
	extPktType  = 0xfffff000 + 4
	extHardware = 0xfffff000 + 28

	memAddresses = 0 // sum of the addresses
	memNext      = 1 // IPv6: next header
	memPort      = 2

	maxSpreadTags   = 3
	maxSpreadLabels = 4
	maxSpreadExts   = 3
)

// tags goes on by the EtherType in A of what begins at X, behind tags.
func (a *assembler) tags() {
	for range maxSpreadTags {
		next := a.fresh()
		tag := a.fresh()
		a.jump(0x0800, "ipv4", "")
		a.jump(0x86dd, "ipv6", "")
		a.jump(0x8847, "mpls", "")
		a.jump(0x8848, "mpls", "")
		a.jump(0x8100, tag, "")
		a.jump(0x88a8, tag, "")
		a.jump(0x9100, tag, "zero")
		a.label(tag)
		a.put(opHalfX, 2)
		a.put(opStore, memNext)
		a.step(4)
		a.put(opLoadMem, memNext)
		a.label(next)
	}
	a.jump(0x0800, "ipv4", "")
	a.jump(0x86dd, "ipv6", "zero")
}

// mpls passes labels, and goes on by the version of the IP header.
func (a *assembler) mpls() {
	a.label("mpls")
	for n := range maxSpreadLabels {
		a.put(opByteX, 2)
		if n == maxSpreadLabels-1 {
			a.jumpSet(1, "", "zero")
			a.step(4)
			break
		}
		a.put(opStore, memNext)
		a.step(4)
		a.put(opLoadMem, memNext)
		a.jumpSet(1, "labelled", "")
	}
	a.label("labelled")
	a.put(opByteX, 0)
	a.put(opRsh, 4)
	a.jump(4, "ipv4", "")
	a.jump(6, "ipv6", "zero")
}

func (a *assembler) ipv4() {
	a.label("ipv4")
	a.sum(12, 2)
	a.put(opByteX, 9)
	a.jump(6, "", "addresses")
	a.put(opHalfX, 6)
	a.jumpSet(0x3fff, "addresses", "") // more fragments, or an offset
	a.put(opByteX, 0)
	a.put(opAnd, 0xf)
	a.put(opLsh, 2)
	a.put(opAddX, 0)
	a.put(opToX, 0)
	a.goTo("ports")
}

func (a *assembler) ipv6() {
	a.label("ipv6")
	a.sum(8, 8)
	a.put(opByteX, 6)
	a.put(opStore, memNext)
	a.step(40)
	for range maxSpreadExts {
		skip := a.fresh()
		a.put(opLoadMem, memNext)
		a.jump(6, "ports", "")
		a.jump(0, skip, "")  // hop-by-hop options
		a.jump(43, skip, "") // routing
		a.jump(60, skip, "addresses")
		a.label(skip)
		a.put(opByteX, 0)
		a.put(opStore, memNext)
		a.put(opByteX, 1)
		a.put(opAdd, 1)
		a.put(opLsh, 3)
		a.put(opAddX, 0)
		a.put(opToX, 0)
	}
	a.put(opLoadMem, memNext)
	a.jump(6, "ports", "addresses")
}

// sum adds words, which gives the same for both directions.
func (a *assembler) sum(from uint32, words int) {
	for n := range words {
		if n > 0 {
			// A is added to what was summed, through memory: X is the offset.
			a.put(opStore, memAddresses)
		}
		a.put(opWordX, from+uint32(4*n))
		if n > 0 {
			a.put(opStore, memPort)
			a.swapAdd()
		}
	}
	a.put(opStore, memAddresses)
}

// swapAdd sets A to the sum of memAddresses and memPort, keeping X in memNext.
func (a *assembler) swapAdd() {
	a.put(opFromX, 0)
	a.put(opStore, memNext)
	a.put(opLoadXMem, memPort)
	a.put(opLoadMem, memAddresses)
	a.put(opAddX, 0)
	a.put(opStore, memAddresses)
	a.put(opLoadXMem, memNext)
	a.put(opLoadMem, memAddresses)
}

// ports mixes the ports at X into the sum of the addresses, and ends.
func (a *assembler) ports() {
	a.label("ports")
	a.put(opHalfX, 0)
	a.put(opStore, memPort)
	a.put(opHalfX, 2)
	a.put(opLoadXMem, memPort)
	a.put(opAddX, 0)
	a.put(opMul, 0x9e3779b1)
	a.put(opLoadXMem, memAddresses)
	a.put(opXorX, 0)
	a.goTo("mix")
	a.label("addresses")
	a.put(opLoadMem, memAddresses)
	a.label("mix")
	a.put(opMul, 0x85ebca6b)
	a.put(opToX, 0)
	a.put(opRsh, 16)
	a.put(opXorX, 0)
	a.put(opReturnA, 0)
}

const opLoadXMem = 0x61

// step moves X on.
func (a *assembler) step(n uint32) {
	a.put(opFromX, 0)
	a.put(opAdd, n)
	a.put(opToX, 0)
}
