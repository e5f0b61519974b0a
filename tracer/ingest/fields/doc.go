// Package fields reads the fields of protobuf messages off a string, without
// generated types: what it hands out are parts of that string, so that a decoder
// copies nothing. Fields that a decoder does not know are passed over by it, groups
// by the Reader.
//
// It does what google.golang.org/protobuf does with the same bytes, and is compared
// with it in tests. It knows nothing of messages and checks no text.
package fields
