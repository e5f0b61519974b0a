// Package tlskeys keeps secrets of TLS connections: lines of key logs, followed
// while they are written, secrets of pcapng files, and RSA private keys. It meets
// l7.KeySource; cmd makes a Table and hands it to the parsers. Nothing of it is
// ever printed.
package tlskeys
