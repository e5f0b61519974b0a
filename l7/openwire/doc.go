// Package openwire reads the heads of OpenWire commands, the protocol of
// ActiveMQ, in tight and loose encoding over TCP.
//
// It follows https://activemq.apache.org/components/classic/documentation/openwire-version-2-specification
// and the marshallers of ActiveMQ (org.apache.activemq.openwire). Every command
// is one message; all but its head is skipped by length. It keeps no state but
// whether a command was found, for each one shows its own encoding.
package openwire
