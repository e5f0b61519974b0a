// Package hpack decodes HPACK header blocks (RFC 7541) as they are seen on the
// wire, by somebody who may have come late.
//
// The dynamic table of a connection that began before the capture, or of which
// a header block was lost, is not known from its start. But indices count from
// the newest entry, so an entry that was seen when it was inserted has a known
// place for as long as no insertion is missed; only indices behind the oldest
// known entry refer to something unknown. A Decoder says so (Field.Unknown) and
// never guesses. It also never needs to know when the encoder evicts: an entry
// that was evicted is not referred to any more. What is forgotten in doubt (an
// entry that may or may not have fitted, Forget) can only make more fields
// unknown, never wrong.
//
// Values of names that nobody asks for (Tags) are not decoded: most of the cost
// is Huffman coding.
//
// The package stands beside cursor and ids: a leaf that parsers of protocols
// use. What a Field points to belongs to the block or to the Decoder and stays
// as it is until the next Begin. It does not encode, and does not enforce what
// receivers enforce (SETTINGS limits, order of pseudo-header fields).
package hpack
