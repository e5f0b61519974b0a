// Package memcached reads the three forms of memcached's protocol: text with
// its meta commands over TCP (doc/protocol.txt of memcached 1.6), binary over
// TCP (https://github.com/memcached/memcached/wiki/BinaryProtocolRevamped), and
// either in datagrams (doc/protocol.txt, "UDP protocol").
//
// Text is paired in order, the others by their ids. Keys are shown, values
// never looked at: they are skipped by length. Parsers borrow from their input
// and own a buffer for the text of the command.
package memcached
