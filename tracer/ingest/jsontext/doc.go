// Package jsontext reads JSON (RFC 8259) off a string in one pass: strings are parts
// of that string wherever they have no escapes, numbers are made only when asked for,
// and what nobody asks for is passed over.
//
// The first fault ends the reading and is kept (Reader.Err, with its offset); until
// then every method returns the zero value. null is the zero value of everything, as
// in the JSON form of protobuf, which writes large integers as strings: Int and Uint
// take both. It makes no structures of its own and knows no field names.
package jsontext
