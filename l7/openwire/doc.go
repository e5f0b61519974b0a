// Package openwire reads OpenWire, the protocol of ActiveMQ, in versions 1 to
// 12, tight and loose encoding, over TCP.
//
// It follows https://activemq.apache.org/components/classic/documentation/openwire-version-2-specification
// and the marshallers of ActiveMQ (org.apache.activemq.openwire.v1 to v12),
// whose fields stand in commands.go. A command is walked by its schema, in
// pieces if it is long; bodies are skipped by length. Per direction it remembers
// the objects that a side sends once and then refers to by index: what was sent
// before the capture or in a gap is unknown, and never guessed.
package openwire
