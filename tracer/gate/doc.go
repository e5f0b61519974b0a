// Package gate decides who may use a server, and how much at a time.
//
// It stands in front of the receivers (tracer/ingest) and of the API (tracer/api):
// HTTP wraps a handler, Unary and Stream are interceptors for gRPC. A request needs
// a token with the right that the handler asks for; without tokens everybody who
// can connect has the rights to read and to send, so CheckListen wants TLS and
// tokens on addresses other than loopback. Requests of web pages of other sites are
// refused, by Origin and, where no token protects, by the name in Host, so that a
// page cannot make a browser read or write what listens on loopback (DNS
// rebinding). No CORS header is ever sent.
//
// Tokens are kept as SHA-256 sums and compared in constant time, all of them. They
// are in no error, log or metric; the names that the file gives them are.
//
// The package opens no file and no socket. Handlers own what they are given.
package gate
