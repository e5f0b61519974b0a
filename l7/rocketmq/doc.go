// Package rocketmq reads the remoting protocol of Apache RocketMQ.
//
// There is no document of it; the package follows the classes RemotingCommand,
// RocketMQSerializable, MessageDecoder, RequestCode, ResponseCode and MQVersion
// of https://github.com/apache/rocketmq (5.3), and says so at its constants.
//
// A command is a head, in JSON or in a binary form, and a body. Heads are read
// whole; of bodies only those that hold messages are walked, in pieces if they
// are long, for the properties of the messages: their content is passed over.
// What a command says is kept in buffers of the parser until it is emitted.
package rocketmq
