package dns

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// Bounds of the texts in one message.
const (
	maxAnswers  = 64
	maxTexts    = 8192 // bytes of all texts
	maxText     = 1024 // bytes of one text, the rest is cut
	maxRare     = 16   // records that the library unpacks, because that allocates
	maxRareData = 4096 // bytes of data of such a record
	maxHex      = 64   // bytes of data that are shown as hexadecimal digits
)

// fate is what becomes of a record's data.
type fate uint8

const (
	shown   fate = iota
	omitted      // beyond a bound
	garbled      // breaks the format of its type
)

// appendData appends the presentation form of a record's data to dst. Only
// data that is shown may have been appended.
func appendData(dst, msg []byte, r record, keepUTF8 bool, rare *int) ([]byte, fate) {
	switch size := r.end - r.data; r.typ {
	case typeA:
		if size == 4 {
			return netip.AddrFrom4([4]byte(msg[r.data:r.end])).AppendTo(dst), shown
		}
	case typeAAAA:
		if size == 16 {
			return netip.AddrFrom16([16]byte(msg[r.data:r.end])).AppendTo(dst), shown
		}
	case typeNS, typeCNAME, typePTR, typeDNAME:
		d := appendName(dst, msg, r.data, keepUTF8)
		if d.ok && d.next == r.end {
			return d.text, shown
		}
	case typeNULL:
		return appendUnknown(dst, msg[r.data:r.end]), shown
	default:
		if !knownType(r.typ) {
			return appendUnknown(dst, msg[r.data:r.end]), shown
		}
		if *rare == maxRare || size > maxRareData {
			return dst, omitted
		}
		*rare++
		return appendRare(dst, msg, r)
	}
	return dst, garbled
}

// appendUnknown appends data in the form of RFC 3597, section 5, with at most
// maxHex bytes of it.
func appendUnknown(dst, data []byte) []byte {
	dst = append(dst, `\# `...)
	dst = strconv.AppendInt(dst, int64(len(data)), 10)
	if len(data) == 0 {
		return dst
	}
	dst = append(dst, ' ')
	if len(data) <= maxHex {
		return hex.AppendEncode(dst, data)
	}
	return append(hex.AppendEncode(dst, data[:maxHex]), "..."...)
}

// appendRare lets the library unpack the record and takes the text behind the
// header.
func appendRare(dst, msg []byte, r record) ([]byte, fate) {
	h := dns.RR_Header{Name: ".", Rrtype: r.typ, Class: r.class & classMask, Rdlength: uint16(r.end - r.data)}
	rr, off, err := dns.UnpackRRWithHeader(h, msg[:r.end], r.data)
	if err != nil || off != r.end {
		return dst, garbled
	}
	s := strings.TrimPrefix(rr.String(), rr.Header().String())
	return append(dst, s...), shown
}
