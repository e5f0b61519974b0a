package span

// Key is an attribute name, interned. Values below NumKeys are the constants
// here; protocols add theirs through NewKeys.
type Key uint16

// Attribute keys that wirespan itself sets (SPANS.md).
const (
	KeyClientAddress Key = iota
	KeyClientPort
	KeyServerAddress
	KeyServerPort
	KeyNetworkPeerAddress
	KeyNetworkPeerPort
	KeyNetworkLocalAddress
	KeyNetworkLocalPort
	KeyNetworkTransport
	KeyNetworkType
	KeyNetworkProtocolName
	KeyNetworkProtocolVersion
	KeyErrorType
	KeyHTTPRequestMethod
	KeyHTTPRequestMethodOriginal
	KeyHTTPResponseStatusCode
	KeyHTTPRequestBodySize
	KeyHTTPResponseBodySize
	KeyHTTPRoute
	KeyURLTemplate
	KeyURLPath
	KeyURLQuery
	KeyURLScheme
	KeyURLFull
	KeyUserAgentOriginal
	KeyDNSQuestionName
	KeyDNSQuestionType
	KeyDNSResponseCode
	KeyDNSID
	KeyDNSAnswers
	KeyPeerService
	KeySignal
	KeyCapturePoint
	KeyObservation
	KeyHalf
	KeyExchange
	KeyCommunityID
	KeySeqRequest
	KeySeqResponse
	KeyRequestID
	KeyRequestIDResponse
	KeyContext
	KeyLinkRule
	KeyLinkConfidence
	KeyLinkEvidence
	KeyLossBytes
	KeyTruncated
	KeyResponse
	KeyPhaseConnect
	KeyPhaseTLS
	KeyPhaseSend
	KeyPhaseWait
	KeyPhaseReceive
	KeyTCPHandshake
	KeyTCPRTT
	KeyTCPRTTClient
	KeyTCPRTTServer
	KeyTCPRetransmissions
	KeyTCPOutOfOrder
	KeyTCPZeroWindows
	KeyTCPClose
	KeyTunnelKind
	KeyTunnelID
	KeyTunnelSource
	KeyTunnelDestination
	KeyTunnelVLAN
	KeyVLAN
	KeyClientForwarded
	KeyInterim
	KeySynthetic
	KeyOpaque
	KeySampleRate
	KeyClockOffset
	KeyHTTPRequestBody
	KeyHTTPResponseBody
	KeyThreadID
	KeySysGoroutine
	KeySysTier
	KeySysClass
	KeySysQueueReceive
	KeySysQueueSend
	KeySysReceived
	KeySysSent
	KeyFacts
	NumKeys
)

// KeyDoc describes an attribute for the reference in the manual.
type KeyDoc struct {
	Name string
	Type string // String, Int, Bool, Float, Strings, Ints, Bytes
	Doc  string
}

var static = [NumKeys]KeyDoc{
	KeyClientAddress:             {"client.address", "String", "IP address of the client"},
	KeyClientPort:                {"client.port", "Int", "port of the client"},
	KeyServerAddress:             {"server.address", "String", "name of the server by Host when that name was seen at this one endpoint, else its IP address"},
	KeyServerPort:                {"server.port", "Int", "port of the server"},
	KeyNetworkPeerAddress:        {"network.peer.address", "String", "IP address of the other side, as the span's side sees it"},
	KeyNetworkPeerPort:           {"network.peer.port", "Int", "port of the other side, as the span's side sees it"},
	KeyNetworkLocalAddress:       {"network.local.address", "String", "IP address of the span's side"},
	KeyNetworkLocalPort:          {"network.local.port", "Int", "port of the span's side"},
	KeyNetworkTransport:          {"network.transport", "String", "tcp or udp"},
	KeyNetworkType:               {"network.type", "String", "ipv4 or ipv6"},
	KeyNetworkProtocolName:       {"network.protocol.name", "String", "protocol of the exchange, always set"},
	KeyNetworkProtocolVersion:    {"network.protocol.version", "String", "version as the message writes it: 1.1"},
	KeyErrorType:                 {"error.type", "String", "why the exchange failed"},
	KeyHTTPRequestMethod:         {"http.request.method", "String", "method, or _OTHER"},
	KeyHTTPRequestMethodOriginal: {"http.request.method_original", "String", "method as it was on the wire, if it is not a known one"},
	KeyHTTPResponseStatusCode:    {"http.response.status_code", "Int", "status code of the final response"},
	KeyHTTPRequestBodySize:       {"http.request.body.size", "Int", "bytes of the request body as sent, without the framing of chunks"},
	KeyHTTPResponseBodySize:      {"http.response.body.size", "Int", "bytes of the response body as sent, without the framing of chunks"},
	KeyHTTPRoute:                 {"http.route", "String", "route pattern, SERVER spans"},
	KeyURLTemplate:               {"url.template", "String", "path with segments that look like ids replaced by {id}"},
	KeyURLPath:                   {"url.path", "String", "path that was asked for, redacted"},
	KeyURLQuery:                  {"url.query", "String", "query without the question mark, redacted"},
	KeyURLScheme:                 {"url.scheme", "String", "scheme, when the request names it (absolute form)"},
	KeyURLFull:                   {"url.full", "String", "absolute URL, CLIENT spans"},
	KeyUserAgentOriginal:         {"user_agent.original", "String", "User-Agent of the request"},
	KeyDNSQuestionName:           {"dns.question.name", "String", "name asked for, without the dot at the end"},
	KeyDNSQuestionType:           {"dns.question.type", "String", "type asked for: A, AAAA, HTTPS, TYPE1234"},
	KeyDNSResponseCode:           {"dns.response_code", "String", "response code with the extension of EDNS: NOERROR, NXDOMAIN"},
	KeyDNSID:                     {"dns.id", "Int", "transaction id"},
	KeyDNSAnswers:                {"dns.answers", "Strings", "answers: addresses and names as they are, other records as in a zone file"},
	KeyPeerService:               {"peer.service", "String", "name of the database server, when one is known for its address"},
	KeySignal:                    {"wirespan.signal", "String", "NET, SYS or APP"},
	KeyCapturePoint:              {"wirespan.capture.point", "String", "name of the capture point"},
	KeyObservation:               {"wirespan.observation", "String", "place of the capture point between client and server: c-nic, c-node, gw-in, gw-out, net, s-node, s-nic"},
	KeyHalf:                      {"wirespan.half", "String", "request or response: the message that was seen at this capture point; the other one was seen at another"},
	KeyExchange:                  {"wirespan.exchange", "String", "exchange key, equal for all sightings of one exchange"},
	KeyCommunityID:               {"wirespan.flow.community_id", "String", "Community ID 1:..."},
	KeySeqRequest:                {"wirespan.flow.seq.request", "Int", "TCP sequence number of the request's first byte"},
	KeySeqResponse:               {"wirespan.flow.seq.response", "Int", "TCP sequence number of the response's first byte"},
	KeyRequestID:                 {"wirespan.request_id", "Strings", "request-ID headers of the request, name=value"},
	KeyRequestIDResponse:         {"wirespan.request_id.response", "Strings", "request-ID headers of the response"},
	KeyContext:                   {"wirespan.context", "Strings", "trace contexts seen"},
	KeyLinkRule:                  {"wirespan.link.rule", "String", "rule that chose the parent; absent on roots"},
	KeyLinkConfidence:            {"wirespan.link.confidence", "Float", "0 to 1"},
	KeyLinkEvidence:              {"wirespan.link.evidence", "String", "why, for people"},
	KeyLossBytes:                 {"wirespan.loss.bytes", "Int", "bytes of the exchange that were never seen"},
	KeyTruncated:                 {"wirespan.truncated", "Bool", "cut by snaplen"},
	KeyResponse:                  {"wirespan.response", "String", "none, oneway, orphan or pushed; absent when a response was seen"},
	KeyPhaseConnect:              {"wirespan.phase.connect", "Int", "TCP connect, ns; first exchange of a connection"},
	KeyPhaseTLS:                  {"wirespan.phase.tls", "Int", "TLS handshake, ns; first exchange of a connection"},
	KeyPhaseSend:                 {"wirespan.phase.send", "Int", "first to last byte of the request, ns"},
	KeyPhaseWait:                 {"wirespan.phase.wait", "Int", "last byte of the request to first byte of the response, ns"},
	KeyPhaseReceive:              {"wirespan.phase.receive", "Int", "first to last byte of the response, ns"},
	KeyTCPHandshake:              {"wirespan.tcp.handshake", "Bool", "connection seen from its start"},
	KeyTCPRTT:                    {"wirespan.tcp.rtt", "Int", "ns, from the handshake"},
	KeyTCPRTTClient:              {"wirespan.tcp.rtt.client", "Int", "part of wirespan.tcp.rtt between capture point and client, ns"},
	KeyTCPRTTServer:              {"wirespan.tcp.rtt.server", "Int", "part of wirespan.tcp.rtt between capture point and server, ns"},
	KeyTCPRetransmissions:        {"wirespan.tcp.retransmissions", "Int", "within the exchange"},
	KeyTCPOutOfOrder:             {"wirespan.tcp.out_of_order", "Int", "within the exchange"},
	KeyTCPZeroWindows:            {"wirespan.tcp.zero_windows", "Int", "within the exchange"},
	KeyTCPClose:                  {"wirespan.tcp.close", "String", "how the connection ended, on its last exchange"},
	KeyTunnelKind:                {"wirespan.tunnel.kind", "String", "outermost tunnel that delivered it"},
	KeyTunnelID:                  {"wirespan.tunnel.id", "String", "VNI, GRE key, session or label, in decimal"},
	KeyTunnelSource:              {"wirespan.tunnel.source", "String", "outer source address"},
	KeyTunnelDestination:         {"wirespan.tunnel.destination", "String", "outer destination address"},
	KeyTunnelVLAN:                {"wirespan.tunnel.vlan", "Int", "VLAN id of the packet that a mirror copied: as ERSPAN says, else the tag of the inner frame"},
	KeyVLAN:                      {"wirespan.vlan", "Int", "VLAN id at the capture point, outside of tunnels"},
	KeyClientForwarded:           {"wirespan.client.forwarded", "String", "client named by X-Forwarded-For, Forwarded or a PROXY header"},
	KeyInterim:                   {"wirespan.interim", "Ints", "1xx status codes before the final one"},
	KeySynthetic:                 {"wirespan.synthetic", "Bool", "made from the other side's sighting"},
	KeyOpaque:                    {"wirespan.opaque", "Bool", "encrypted, seen from outside"},
	KeySampleRate:                {"wirespan.sample.rate", "Float", "below 1 when connections were sampled"},
	KeyClockOffset:               {"wirespan.clock.offset", "Int", "correction of the capture clock, ns"},
	KeyHTTPRequestBody:           {"wirespan.http.request.body", "String", "first bytes of the request body, with --bodies"},
	KeyHTTPResponseBody:          {"wirespan.http.response.body", "String", "first bytes of the response body, with --bodies"},
	KeyThreadID:                  {"thread.id", "Int", "thread that sent the request, or read the last of it; SYS spans"},
	KeySysGoroutine:              {"wirespan.sys.goroutine", "Int", "goroutine that did so"},
	KeySysTier:                   {"wirespan.sys.tier", "String", "how the kernel was asked: sock, fexit, syscall, legacy"},
	KeySysClass:                  {"wirespan.sys.class", "String", "certain, inferred or weak: how sure it is for whom the call was made"},
	KeySysQueueReceive:           {"wirespan.sys.queue.receive", "Int", "ns between the last byte of a message at the capture point and the call that read it"},
	KeySysReceived:               {"wirespan.sys.received", "Int", "bytes of the exchange that the process read: what TLS made of them, if they are enciphered"},
	KeySysSent:                   {"wirespan.sys.sent", "Int", "bytes of the exchange that the process wrote"},
	KeySysQueueSend:              {"wirespan.sys.queue.send", "Int", "ns between the call that wrote a message and its first byte at the capture point"},
	KeyFacts:                     {"wirespan.facts", "Bytes", "what a server needs to link spans of several agents; with --server and --store only (tracer/facts)"},
}
