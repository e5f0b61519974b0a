// Package sqltext reads SQL texts for the protocols that carry them: what may
// be shown of a statement, what it is called, and which ids its comments carry.
//
// A Reader makes one pass over a text. Literals are replaced by ? in place,
// comments are cut, spacing stays (SPANS.md, db.query.text); operations and
// their targets make the summary
// (https://opentelemetry.io/docs/specs/semconv/db/database-spans/#generating-a-summary-of-the-query);
// comments are searched for trace contexts and request ids, in the form of
// sqlcommenter (https://google.github.io/sqlcommenter/spec/) and as free
// key=value or key: value.
//
// It is a lexer, no grammar: it never fails, and a text that was cut short is
// read as far as it goes. What it cannot place is hidden rather than shown.
// A Reader keeps buffers of its own and nothing of its input; it is not for
// several goroutines. Everything is bounded, and nothing is allocated once the
// buffers have been made.
package sqltext
