package tls

import "github.com/wirespan/wirespan/l7"

// Attributes that the parser sets; indices into Proto.Keys.
const (
	keyMethod uint8 = iota
	keyServerName
	keyProtocolName
	keyVersion
	keyCipher
	keyNextProtocol
	keyOffered
	keyCurve
	keyResumed
	keyEstablished
	keySubject
	keyIssuer
	keyNotAfter
	keyNames
	keyEarly
	keyRetry
	keyEncrypted
	keyAlert
	keyOpaque
	keySent
	keyReceived
)

// Proto describes TLS.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "tls",
		Depth:     "both hellos, certificate, alerts; with secrets (--tls-keylog, --tls-key) what is inside, else turns of encrypted bytes",
		Class:     l7.ClassTLS,
		Transport: l7.TCP,
		Ports:     []uint16{443, 8443, 9443, 853, 993, 995, 465, 636, 5671, 8883, 6443},
		Window:    maxRecord,
		Pairing:   l7.InOrder,
		Keys: []l7.Key{
			keyMethod:       {Name: "tls.method", Type: l7.String, Doc: "message that began the handshake"},
			keyServerName:   {Name: "tls.client.server_name", Type: l7.String, Doc: "name that the client asked for (SNI)"},
			keyProtocolName: {Name: "tls.protocol.name", Type: l7.String, Doc: "tls or ssl"},
			keyVersion:      {Name: "tls.protocol.version", Type: l7.String, Doc: "version that the server chose"},
			keyCipher:       {Name: "tls.cipher", Type: l7.String, Doc: "cipher suite that the server chose, name of IANA or number"},
			keyNextProtocol: {Name: "tls.next_protocol", Type: l7.String, Doc: "protocol inside that the server chose (ALPN)"},
			keyOffered:      {Name: "wirespan.tls.client.protocols", Type: l7.Strings, Doc: "protocols inside that the client offered (ALPN)"},
			keyCurve:        {Name: "tls.curve", Type: l7.String, Doc: "group of the key exchange, TLS 1.3"},
			keyResumed:      {Name: "tls.resumed", Type: l7.Bool, Doc: "the session goes on with keys of an earlier one"},
			keyEstablished:  {Name: "tls.established", Type: l7.Bool, Doc: "the handshake was seen to its end, and did not fail"},
			keySubject:      {Name: "tls.server.subject", Type: l7.String, Doc: "subject of the server's certificate (up to TLS 1.2, or with keys)"},
			keyIssuer:       {Name: "tls.server.issuer", Type: l7.String, Doc: "issuer of the server's certificate"},
			keyNotAfter:     {Name: "tls.server.not_after", Type: l7.String, Doc: "end of the certificate's validity, RFC 3339"},
			keyNames:        {Name: "wirespan.tls.server.names", Type: l7.Strings, Doc: "alternative names of the server's certificate, at most 16"},
			keyEarly:        {Name: "wirespan.tls.early_data", Type: l7.Bool, Doc: "the client offered data in its first flight (0-RTT)"},
			keyRetry:        {Name: "wirespan.tls.retry", Type: l7.Bool, Doc: "the server asked for another ClientHello"},
			keyEncrypted:    {Name: "wirespan.tls.encrypted_hello", Type: l7.Bool, Doc: "the ClientHello has an encrypted one inside; the server name is that of the outer"},
			keyAlert:        {Name: "wirespan.tls.alert", Type: l7.String, Doc: "fatal alert that ended the handshake, with its sender"},
			keyOpaque:       {Name: "wirespan.opaque", Type: l7.Bool, Doc: "the exchange is a turn of an encrypted conversation"},
			keySent:         {Name: "wirespan.opaque.request.size", Type: l7.Int, Doc: "bytes of the client's records in this turn"},
			keyReceived:     {Name: "wirespan.opaque.response.size", Type: l7.Int, Doc: "bytes of the server's records in this turn"},
		},
		Detect: Detect,
		New:    New,
	}
}
