// Package cursor holds the small reading aids that parsers share: numbers with
// overflow detection, comparison without regard to ASCII case, tokens and
// white space of RFC 9110, bounded big-endian integers.
//
// Every function is a pure function of its arguments, returns subslices of
// what it was given, keeps nothing and allocates nothing. Nothing here knows a
// protocol; what only one parser needs stays with that parser.
package cursor
