// Package thrift reads Apache Thrift over TCP: the binary protocol, strict and
// old (https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md),
// the compact one (thrift-compact-protocol.md), unframed, in frames, and in
// frames with THeader (HeaderFormat.md).
//
// A message names its method and a sequence id; the arguments are passed over.
// Without frames, their end is found by walking through their types. The parser
// borrows from its input and remembers the calls that wait for a reply.
package thrift
