package afpacket

// LINUX_SLL2 header, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html.
const (
	sll2Interface = 4
	sll2Hardware  = 8
	sll2PktType   = 10
	sll2AddrLen   = 11
	sll2Addr      = 12
	sll2Len       = 20
)
