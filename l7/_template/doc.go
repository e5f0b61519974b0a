// Package template reads the quote protocol, which does not exist: it is what
// a new protocol begins as.
//
// Real packages name the document they follow here (RFC 9112, the vendor's
// page) and its section at each constant. The parser borrows everything it
// emits from its input and keeps two numbers per direction.
package template
