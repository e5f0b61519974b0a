// Package cassandra reads the CQL binary protocol, versions 3 to 5, of Cassandra
// and ScyllaDB:
// https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v5.spec
// (and _v4, _v3 beside it). Sections at constants are those of version 5.
//
// Requests and responses are matched by stream ids. Statements lose their
// literals; values that are bound, and rows, are never looked at.
package cassandra
