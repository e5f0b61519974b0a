// Package redact removes credentials from what parsers saw, before anything is
// kept: in request targets, headers and bodies. It runs at the source, inside
// tracer/join, and is on unless the operator says otherwise (DESIGN.md 6): the
// value becomes REDACTED, the key stays.
//
// A Redactor is immutable and safe for concurrent use. Its methods append to
// the caller's memory, keep nothing, allocate nothing and work on input that is
// cut off anywhere or not well formed. Where it is unclear how far a secret
// reaches, more is removed rather than less.
//
// What it does not find: secrets without a telling name (a token as a path
// segment, a name and its value in two sibling fields), and anything inside
// compressed or binary bodies.
package redact
