// Package ids knows the headers that tie requests together: request IDs of
// gateways, trace contexts of tracing systems, and the addresses that proxies
// forward.
//
// A Matcher tells parsers which names are worth keeping (it is the
// l7.IDMatcher of every parser), and finds the fields of queries, forms, JSON
// bodies and SQL comments that the user named; ParseContext turns the IDs of one message
// into a trace id and a parent span id in the form that the tracing system's
// own screens show; ForwardedClient finds the client that a proxy named;
// Entropy says how random a request ID is. All of it works on borrowed bytes,
// returns subslices or values, and allocates nothing per message.
//
// Names are compared without regard to ASCII case, and '-' equals '_', because
// CGI-like hops rewrite one into the other.
package ids
