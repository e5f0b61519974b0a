// Package amqp reads AMQP 0-9-1 and its close relatives 0-9 and 0-8 over TCP.
//
// It follows "AMQP 0-9-1, General-Purpose" (AMQP Working Group, 2008; section
// numbers at the constants), its XML definition, and what RabbitMQ adds
// (https://www.rabbitmq.com/docs/specification). Methods are messages; the
// content that follows some of them, a header and body frames, belongs to them,
// and bodies are skipped by length. What the parser emits is borrowed from its
// input or stands in its own buffers until Parse returns. It keeps what waits
// for an answer, contents that go on, and the state of channels. AMQP 1.0 is
// another protocol.
package amqp
