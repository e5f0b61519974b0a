// Package tls reads TLS over TCP: SSL 2 hellos, SSL 3, TLS 1.0 to 1.3.
//
// The documents are RFC 8446 (TLS 1.3), RFC 5246 (1.2), RFC 4346, RFC 2246, RFC
// 6101 (SSL 3), RFC 6066 (SNI), RFC 7301 (ALPN), RFC 7366
// (encrypt-then-MAC), RFC
// 7627 (extended master secret) and the
// SSLKEYLOGFILE format (draft-ietf-tls-keylogfile); sections stand at the
// constants.
//
// What is readable without keys is one exchange: from the ClientHello to the end
// of the handshake. Records behind it are turns of a conversation: the client's
// until the server speaks, the server's until the client speaks again. With keys
// (l7.Options.Keys) the records are deciphered instead, and their plaintext goes
// back to the engine, where detection begins anew.
//
// Without keys a record's body is skipped by its length. A parser keeps a few
// numbers, names of the peers, and handshake messages that span records, within
// a bound. It owns what it copies; plaintext lies in a buffer of the Emitter.
package tls
