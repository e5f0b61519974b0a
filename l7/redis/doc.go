// Package redis reads RESP2 and RESP3, the protocol of Redis, Valkey, KeyDB and
// Sentinel (https://redis.io/docs/latest/develop/reference/protocol-spec/):
// commands as arrays of bulk strings and inline, replies of every type, pushed
// messages, and what turns a connection into something else (MONITOR, PSYNC).
//
// A reply has no id: the parser keeps what kind of command each reply that is
// due answers, run by run, so that confirmations of SUBSCRIBE, messages and
// commands that asked for no reply do not shift the pairs. Keys are shown;
// values, passwords and scripts never leave the parser. It borrows from its
// input and owns two small buffers for texts; it allocates nothing once they
// have been made.
package redis
