package pcapfile

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture"
)

// decoder parses one format. It holds what the headers said.
type decoder interface {
	// decode parses buffered bytes into dst. It ends when dst is full, when
	// the batch should be handed on (need is 0 in both cases), when it needs
	// at least need bytes in the window, or at damage. Damage is reported only
	// with n == 0, packets before it come alone.
	decode(w *window, dst []capture.Packet) (n, need int, bad *damage)
	// record names what stands at the next byte, and where it began.
	record(w *window) (what string, offset int64)
	// idle reports that the stream may end here.
	idle() bool
}

// damage is a Fault that does not know its file yet.
type damage struct {
	record string
	offset int64
	reason string
}

// Magic numbers, draft-ietf-opsawg-pcap and libpcap's sf-pcap.c; the IXIA ones
// of hardware and software captures from wiretap/libpcap.h.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34
	magicIxiaHW   = 0x1c0001ac
	magicIxiaSW   = 0x1c0001ab
	magicSection  = 0x0a0d0d0a // pcapng section header block, the same in both orders
)

// pcapMagic recognises a pcap file header.
func pcapMagic(b []byte) (magic uint32, order binary.ByteOrder) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch m := order.Uint32(b); m {
		case magicMicro, magicNano, magicModified, magicIxiaHW, magicIxiaSW:
			return m, order
		}
	}
	return 0, nil
}

// isCapture reports whether a file that starts so is one of ours.
func isCapture(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	magic, _ := pcapMagic(b)
	return magic != 0 || binary.BigEndian.Uint32(b) == magicSection
}
