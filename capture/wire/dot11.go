package wire

import "encoding/binary"

// IEEE 802.11 header, section 9.2.3. The frame control field is little endian;
// its second byte holds the flags.
const (
	dot11Control  = 0 // version 2 bits, type 2, subtype 4
	dot11Flags    = 1
	dot11Sequence = 22 // lower nibble: fragment number
	dot11Len      = 24
	dot11Addr     = 6 // fourth address
	dot11QoSLen   = 2
	dot11HTLen    = 4

	dot11Data  = 2    // type
	dot11QoS   = 0x80 // in the first byte
	dot11Null  = 0x40 // no data
	dot11ToDS  = 0x01
	dot11From  = 0x02
	dot11Crypt = 0x40
	dot11Order = 0x80
	dot11AMSDU = 0x80 // in the first byte of the QoS control

	msduSize = 12 // after two addresses; padded to 4 bytes
	msduLen  = 14
)

// Radiotap header, https://www.radiotap.org.
const (
	radiotapVersion = 0
	radiotapSize    = 2
	radiotapPresent = 4
	radiotapMin     = 8

	radiotapTSFT  = 1 << 0
	radiotapFlags = 1 << 1
	radiotapMore  = 1 << 31
	radiotapPad   = 0x20 // the 802.11 header is padded to 4 bytes
)

func (d *Decoder) radiotap(f *Frame, b []byte, cut int) Reason {
	if len(b) < radiotapMin {
		return TooShort
	}
	size := int(binary.LittleEndian.Uint16(b[radiotapSize:]))
	if b[radiotapVersion] != 0 || size < radiotapMin {
		return BadHeader
	}
	if len(b) < size {
		return TooShort
	}
	head := b[:size]
	at := radiotapPresent
	present := binary.LittleEndian.Uint32(head[at:])
	for word := present; ; at += 4 {
		if word&radiotapMore == 0 {
			break
		}
		if len(head) < at+8 {
			return BadHeader
		}
		word = binary.LittleEndian.Uint32(head[at+4:])
	}
	at += 4
	if present&radiotapTSFT != 0 {
		at = (at+7)&^7 + 8
	}
	padded := present&radiotapFlags != 0 && at < size && head[at]&radiotapPad != 0
	return d.dot11(f, b[size:], cut, padded)
}

// dot11 reads a data frame. padded says that its header ends on 4 bytes.
func (d *Decoder) dot11(f *Frame, b []byte, cut int, padded bool) Reason {
	if len(b) < 2 {
		return TooShort
	}
	control, flags := b[dot11Control], b[dot11Flags]
	if control&3 != 0 {
		return BadHeader
	}
	if control>>2&3 != dot11Data || control&dot11Null != 0 {
		return NotIP
	}
	if flags&dot11Crypt != 0 {
		return Encrypted
	}
	size := dot11Len
	if flags&(dot11ToDS|dot11From) == dot11ToDS|dot11From {
		size += dot11Addr
	}
	qos := size
	if control&dot11QoS != 0 {
		size += dot11QoSLen
		if flags&dot11Order != 0 {
			size += dot11HTLen
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if len(b) < size {
		return TooShort
	}
	if b[dot11Sequence]&0xf != 0 {
		return FragmentLost // 802.11 fragments are not put together
	}
	aggregate := control&dot11QoS != 0 && b[qos]&dot11AMSDU != 0
	b = b[size:]
	if aggregate {
		return d.msdu(f, b, cut)
	}
	return d.llc(f, b, cut)
}

// msdu decodes the first frame of an aggregate and counts the others.
func (d *Decoder) msdu(f *Frame, b []byte, cut int) Reason {
	if len(b) < msduLen {
		return TooShort
	}
	size := int(be16(b[msduSize:]))
	for rest := b; ; {
		next := (msduLen + int(be16(rest[msduSize:])) + 3) &^ 3
		if len(rest) < next+msduLen {
			break
		}
		rest = rest[next:]
		d.msdus++
	}
	b = b[msduLen:]
	b, cut = f.trim(b, cut, size)
	return d.llc(f, b, cut)
}
