// Package socks reads the handshakes of SOCKS 4, 4a and 5: RFC 1928, RFC 1929
// (passwords), and the memos "SOCKS: A protocol for TCP proxy across firewalls"
// and "SOCKS 4A". A handshake is one exchange; behind it detection starts again.
// Passwords and user names are passed over.
package socks
