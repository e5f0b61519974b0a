// Package proxy reads the PROXY protocol's header, versions 1 and 2
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt), by which a
// balancer tells on whose behalf it connects. The header is no exchange: its
// address goes to the engine, which puts it on the requests of the protocol
// behind it, and detection starts again. Nothing is kept.
package proxy
