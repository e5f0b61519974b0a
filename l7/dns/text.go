package dns

import (
	"strconv"

	"github.com/miekg/dns"
)

// opcodeNames are the operations, in the spelling of dig; the gaps are
// unassigned.
var opcodeNames = [16]string{
	opQuery: "QUERY", opIQuery: "IQUERY", opStatus: "STATUS", opNotify: "NOTIFY", opUpdate: "UPDATE", opStateful: "DSO",
}

// rcodeNames are the response codes of the IANA registry that fit into the
// header and the OPT record, in the spelling of dig.
var rcodeNames = [...]string{
	0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
	6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI",
	16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG",
	22: "BADTRUNC", 23: "BADCOOKIE",
}

// Response codes that SPANS treats on their own.
const (
	rcodeOK       = 0
	rcodeNXDOMAIN = 3
)

func appendRcode(dst []byte, code int32) []byte {
	if int(code) < len(rcodeNames) && rcodeNames[code] != "" {
		return append(dst, rcodeNames[code]...)
	}
	return strconv.AppendInt(append(dst, "RCODE"...), int64(code), 10)
}

// knownType says whether the type has a mnemonic.
func knownType(t uint16) bool {
	_, ok := dns.TypeToString[t]
	return ok && t != dns.TypeNone
}

// appendType appends the mnemonic of a type, or TYPE123 (RFC 3597, section 5).
func appendType(dst []byte, t uint16) []byte {
	switch t {
	case typeA:
		return append(dst, 'A')
	case typeAAAA:
		return append(dst, "AAAA"...)
	case dns.TypeNone:
	default:
		if s, ok := dns.TypeToString[t]; ok {
			return append(dst, s...)
		}
	}
	return strconv.AppendUint(append(dst, "TYPE"...), uint64(t), 10)
}

// appendClass appends the mnemonic of a class, or CLASS123.
func appendClass(dst []byte, c uint16) []byte {
	if s, ok := dns.ClassToString[c]; ok {
		return append(dst, s...)
	}
	return strconv.AppendUint(append(dst, "CLASS"...), uint64(c), 10)
}
