// Package mqtt reads MQTT 3.1, 3.1.1 and 5 over TCP.
//
// It follows "MQTT Version 3.1.1" and "MQTT Version 5.0" (OASIS Standards of
// 2014 and 2019; section numbers at the constants are those of version 5) and
// "MQTT V3.1 Protocol Specification" (IBM and Eurotech, 2010). Every packet is
// one message or a part of one; payloads are skipped by length. What the parser
// emits is borrowed from its input or stands in its own buffers until Parse
// returns. It keeps, per connection, the packet ids that wait for their
// acknowledgement, the topics that aliases stand for, and the client's name.
package mqtt
