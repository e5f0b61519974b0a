// Package postgresql reads version 3 of the PostgreSQL frontend/backend
// protocol (https://www.postgresql.org/docs/current/protocol.html; sections in
// the comments are those of its chapter 55).
//
// A request is what a server works on as one: a Query, a function call, the
// start-up, or a unit of the extended protocol, which is an Execute with the
// Parse, Bind and Describe in front of it, or these alone when Sync or Flush
// follows. The parser knows what every request still waits for and so which
// answer is whose, pipelines and skipped requests included; it hands pairs to
// tracer/join by Message.Match, which is the TCP sequence number of the
// request's first byte, so that all capture points say the same.
//
// It borrows from its input and keeps copies of prepared statements, redacted,
// within bounds. It looks at no parameter, no row, no password and no key, and
// does not read what comes behind a granted SSLRequest.
package postgresql
