package filter

// Instruction codes of the classic BPF machine, linux/filter.h and
// linux/bpf_common.h: class, then size and mode, operation, or source.
const (
	classLD, classLDX, classST, classSTX   = 0x00, 0x01, 0x02, 0x03
	classALU, classJMP, classRET, classMSC = 0x04, 0x05, 0x06, 0x07
	classMask                              = 0x07

	sizeW, sizeH, sizeB = 0x00, 0x08, 0x10

	modeIMM, modeABS, modeIND = 0x00, 0x20, 0x40
	modeMEM, modeLEN, modeMSH = 0x60, 0x80, 0xa0

	aluAdd, aluSub, aluMul, aluDiv = 0x00, 0x10, 0x20, 0x30
	aluOr, aluAnd, aluLsh, aluRsh  = 0x40, 0x50, 0x60, 0x70
	aluNeg, aluMod, aluXor         = 0x80, 0x90, 0xa0

	jmpJA, jmpJEQ, jmpJGT, jmpJGE, jmpJSET = 0x00, 0x10, 0x20, 0x30, 0x40
	opMask                                 = 0xf0

	srcX        = 0x08
	retA        = 0x10
	miscTAX     = 0x00
	miscTXA     = 0x80
	scratchSize = 16
	maxProgram  = 4096 // BPF_MAXINSNS
)

// Offsets from which absolute loads give what the kernel knows about the
// packet, SKF_AD_ of linux/filter.h.
const (
	extBase        = 0xfffff000 // SKF_AD_OFF
	extProtocol    = extBase + 0
	extPacketType  = extBase + 4
	extIfindex     = extBase + 8
	extHardware    = extBase + 28
	extVLANTag     = extBase + 44
	extVLANPresent = extBase + 48
	extEnd         = extBase + 64 // SKF_AD_MAX
)

// packetOutgoing is PACKET_OUTGOING of linux/if_packet.h.
const packetOutgoing = 4

func loadCode(size uint8) uint16 {
	switch size {
	case 1:
		return sizeB
	case 2:
		return sizeH
	}
	return sizeW
}
