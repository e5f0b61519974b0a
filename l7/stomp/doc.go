// Package stomp reads STOMP 1.0, 1.1 and 1.2 over TCP.
//
// It follows the specifications on https://stomp.github.io. Every frame is a
// message; bodies with a content-length are skipped, others are searched for
// their end. What the parser emits is borrowed from its input or stands in its
// own buffers until Parse returns. It keeps which frames wait for a receipt.
package stomp
