// Package http2 parses HTTP/2 (RFC 9113) in the clear, and gRPC within it
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), Dubbo
// Triple and gRPC-Web included.
//
// It is a parser of l7: Proto is its entry in l7/all. Every stream is an
// exchange, matched by its id. A gRPC call, unary or streaming, is one exchange
// with counts of its messages. Bodies are skipped by the lengths of their
// frames; in gRPC the five bytes before each message are read.
//
// Header blocks are decoded by l7/hpack, which knows what it does not know:
// where a block refers to what was sent before the capture, or was lost, the
// field is unknown and counted, never guessed.
//
// After a gap the parser finds the next frame by itself and keeps the streams
// that are open: a lost segment costs the messages that it held a part of. What
// a Message points to is borrowed from the input, the parser or its decoders
// until Parse returns.
package http2
