// Package block is the form in which tracer/store/local keeps spans: some hundreds of
// them together, by columns.
//
// A Builder takes spans one by one, and can be read at any time (View). Its columns
// are slices that only grow; what a span repeats of others (keys of attributes,
// texts) is kept once. Encode makes of them the bytes of FORMAT.md, Decode makes
// columns of bytes. Both kinds of columns are read by a Reader, row by row.
//
// Nothing here touches a disk. Decode believes nothing: bytes that do not fit are an
// error, whatever they are. A Reader lends its span until the next one is read.
package block
