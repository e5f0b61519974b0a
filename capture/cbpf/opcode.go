package cbpf

// Fields of an opcode, linux/bpf_common.h and filter.h.
const (
	classMask = 0x07
	ld        = 0x00
	ldx       = 0x01
	st        = 0x02
	stx       = 0x03
	alu       = 0x04
	jmp       = 0x05
	ret       = 0x06
	misc      = 0x07

	sizeMask = 0x18
	word     = 0x00
	half     = 0x08
	octet    = 0x10

	modeMask = 0xe0
	imm      = 0x00
	abs      = 0x20
	ind      = 0x40
	mem      = 0x60
	length   = 0x80
	msh      = 0xa0

	opMask = 0xf0
	add    = 0x00
	sub    = 0x10
	mul    = 0x20
	div    = 0x30
	or     = 0x40
	and    = 0x50
	lsh    = 0x60
	rsh    = 0x70
	neg    = 0x80
	mod    = 0x90
	xor    = 0xa0

	ja   = 0x00
	jeq  = 0x10
	jgt  = 0x20
	jge  = 0x30
	jset = 0x40

	srcX = 0x08 // operand is X, not K
	retA = 0x10

	tax = 0x00
	txa = 0x80
)

// MaxInstructions is BPF_MAXINSNS, the bound of the kernel.
const MaxInstructions = 4096

// memWords is BPF_MEMWORDS.
const memWords = 16

// Offsets that name an extension, linux/filter.h. They are added to an
// absolute offset and make it negative as a signed number.
const (
	adOff  = 0xfffff000 // SKF_AD_OFF
	netOff = 0xfff00000 // SKF_NET_OFF: from the network header
	llOff  = 0xffe00000 // SKF_LL_OFF: from the link header

	adProtocol   = 0
	adPktType    = 4
	adIfindex    = 8
	adHatype     = 28
	adVLANTag    = 44
	adVLANExists = 48
	adVLANProto  = 60
)

// pktOutgoing is PACKET_OUTGOING of linux/if_packet.h.
const pktOutgoing = 4
