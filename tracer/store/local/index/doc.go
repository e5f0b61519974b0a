// Package index is how tracer/store/local finds blocks of spans, in bytes: postings
// say which blocks hold a key, a summary says what a block holds, a table of rates
// counts what is in many blocks. FORMAT.md draws them.
//
// Nothing here touches a disk. Postings keep a part of each hash only, so that a
// block may be named that does not hold the key. What is read is believed nothing:
// bytes that do not fit are ErrDamaged.
package index

import "errors"

// ErrDamaged says that bytes are not what they should be.
var ErrDamaged = errors.New("index: damaged")
