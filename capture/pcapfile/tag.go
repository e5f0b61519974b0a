package pcapfile

import "github.com/wirespan/wirespan/capture"

// Where a VLAN tag stands: in front of the EtherType of an Ethernet frame. In
// cooked frames the protocol field says that a tag follows the header.
const (
	etherTypeAt = 12
	sllProtocol = 14
	sll2Len     = 20
	tagLen      = 4
)

// tagScratch holds the bytes in front of a frame that the tag changes.
type tagScratch [sll2Len + tagLen]byte

// frame gives a frame as it was on the wire, in two parts: the tag that the
// NIC or the kernel stripped is put back (802.1Q) for the link types that can
// have one. head may lie in t.
func (t *tagScratch) frame(p *capture.Packet) (head, tail []byte) {
	b, at := p.Data, 0
	switch {
	case p.VLAN == 0:
	case p.Link == capture.LinkEthernet && len(b) >= etherTypeAt:
		at = etherTypeAt
	case p.Link == capture.LinkSLL && len(b) > sllProtocol+1:
		at = sllProtocol
	case p.Link == capture.LinkSLL2 && len(b) >= sll2Len:
		head = append(t[:0], 0x81, 0)
		head = append(head, b[2:sll2Len]...)
		head = append(head, byte(p.VLAN>>8), byte(p.VLAN), b[0], b[1])
		return head, b[sll2Len:]
	}
	if at == 0 {
		return nil, b
	}
	head = append(t[:0], b[:at]...)
	return append(head, 0x81, 0, byte(p.VLAN>>8), byte(p.VLAN)), b[at:]
}
