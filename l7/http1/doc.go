// Package http1 parses HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112), and counts
// the messages of WebSocket connections that begin there (RFC 6455).
//
// It is a parser of l7: Proto is its entry in l7/all. Heads are parsed in
// place when they lie in one piece; bodies are skipped by length, or read
// through when they are captured. Everything a Message points to is borrowed
// from the input or from the parser until Parse returns.
//
// Framing follows RFC 9112, 6.3, by the strict reading: what a careful server
// would refuse loses the message boundary, and nothing behind it is taken for
// a request before the server has answered.
//
// The parser keeps of every request what its response cannot do without (HEAD,
// CONNECT), see facts. It does not pair messages or decode content codings.
// Behind an upgrade or an accepted CONNECT another protocol follows.
package http1
