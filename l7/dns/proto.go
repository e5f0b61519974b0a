package dns

import "github.com/wirespan/wirespan/l7"

// Ports that name a dialect. They decide nothing else.
const (
	portDNS   = 53
	portMDNS  = 5353 // RFC 6762, section 3
	portLLMNR = 5355 // RFC 4795, section 2
)

// Attribute keys, as indexes into keys.
const (
	keyName uint8 = iota
	keyType
	keyClass
	keyRcode
	keyID
	keyAnswers
	keyAnswerCount
	keyQuestions
	keyOpcode
	keyAuthoritative
	keyTruncated
	keyEDNSSize
	keyMalformed
)

var keys = []l7.Key{
	keyName:          {Name: "dns.question.name", Type: l7.String, Doc: "first name asked for, in presentation form without the final dot"},
	keyType:          {Name: "dns.question.type", Type: l7.String, Doc: "type asked for: A, AAAA, HTTPS, TYPE1234"},
	keyClass:         {Name: "dns.question.class", Type: l7.String, Doc: "class asked for, unless it is IN"},
	keyRcode:         {Name: "dns.response_code", Type: l7.String, Doc: "response code, extended by EDNS: NOERROR, NXDOMAIN, BADVERS"},
	keyID:            {Name: "dns.id", Type: l7.Int, Doc: "transaction id"},
	keyAnswers:       {Name: "dns.answers", Type: l7.Strings, Doc: "data of the answer records in presentation form, at most 64 and 8 KiB"},
	keyAnswerCount:   {Name: "wirespan.dns.answer_count", Type: l7.Int, Doc: "answers that the header announces, when dns.answers lists fewer"},
	keyQuestions:     {Name: "wirespan.dns.questions", Type: l7.Int, Doc: "number of questions, when there are several (multicast DNS)"},
	keyOpcode:        {Name: "wirespan.dns.opcode", Type: l7.String, Doc: "operation, unless it is QUERY: NOTIFY, UPDATE, STATUS"},
	keyAuthoritative: {Name: "wirespan.dns.authoritative", Type: l7.Bool, Doc: "the answer is authoritative (AA)"},
	keyTruncated:     {Name: "wirespan.dns.truncated", Type: l7.Bool, Doc: "the sender cut the message to fit (TC)"},
	keyEDNSSize:      {Name: "wirespan.dns.edns.size", Type: l7.Int, Doc: "UDP payload size that the query offers with EDNS, bytes"},
	keyMalformed:     {Name: "wirespan.dns.malformed", Type: l7.Bool, Doc: "the message breaks the format, or the capture lacks its end"},
}

// maxTCP is the longest message over TCP with its length field, RFC 1035,
// section 4.2.2.
const maxTCP = lengthLen + 65535

// maxUDP is the longest payload of a UDP datagram.
const maxUDP = 65535

// depth is Proto.Depth of both.
const depth = "header, questions, all record sections, EDNS; answers give addresses their names"

// UDP describes DNS over UDP, one message per datagram.
func UDP() l7.Proto {
	return l7.Proto{
		Name:      "dns",
		Also:      []string{nameMDNS, nameLLMNR},
		Class:     l7.ClassDNS,
		Transport: l7.UDP,
		Ports:     []uint16{portDNS, portMDNS, portLLMNR},
		Window:    maxUDP,
		Pairing:   l7.ByMatch,
		Depth:     depth,
		Keys:      keys,
		Detect:    detectUDP,
		New:       func(o l7.Options) l7.Parser { return &datagrams{conversation: converse(o)} },
	}
}

// TCP describes DNS over TCP, every message behind its length in two bytes.
func TCP() l7.Proto {
	return l7.Proto{
		Name:      "dns",
		Class:     l7.ClassDNS,
		Transport: l7.TCP,
		Ports:     []uint16{portDNS, portMDNS, portLLMNR},
		Window:    maxTCP,
		Pairing:   l7.ByMatch,
		Depth:     depth,
		Keys:      keys,
		Detect:    detectTCP,
		New: func(o l7.Options) l7.Parser {
			p := &segments{conversation: converse(o)}
			p.stream = true
			return p
		},
	}
}

// Protos lists both.
func Protos() []l7.Proto { return []l7.Proto{UDP(), TCP()} }
