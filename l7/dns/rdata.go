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

// appendData appends the presentation form of a record's data. ok is false if
// it cannot be shown: broken, or beyond the bounds of what rare allows.
func appendData(dst, msg []byte, r record, keepUTF8 bool, rare *int) (text []byte, ok bool) {
	switch size := r.end - r.data; r.typ {
	case typeA:
		if size == 4 {
			return netip.AddrFrom4([4]byte(msg[r.data:r.end])).AppendTo(dst), true
		}
	case typeAAAA:
		if size == 16 {
			return netip.AddrFrom16([16]byte(msg[r.data:r.end])).AppendTo(dst), true
		}
	case typeNS, typeCNAME, typePTR, typeDNAME:
		d := appendName(dst, msg, r.data, keepUTF8)
		if d.ok && d.next == r.end {
			return d.text, true
		}
	case typeNULL:
		return appendUnknown(dst, msg[r.data:r.end]), true
	default:
		if !knownType(r.typ) {
			return appendUnknown(dst, msg[r.data:r.end]), true
		}
		if *rare < maxRare && size <= maxRareData {
			*rare++
			return appendRare(dst, msg, r)
		}
	}
	return dst, false
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
func appendRare(dst, msg []byte, r record) (text []byte, ok bool) {
	h := dns.RR_Header{Name: ".", Rrtype: r.typ, Class: r.class & classMask, Rdlength: uint16(r.end - r.data)}
	rr, off, err := dns.UnpackRRWithHeader(h, msg[:r.end], r.data)
	if err != nil || off != r.end {
		return dst, false
	}
	s := strings.TrimPrefix(rr.String(), rr.Header().String())
	return append(dst, s...), true
}
