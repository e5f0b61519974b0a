// Package kafka reads the Kafka protocol.
//
// It follows the protocol guide (https://kafka.apache.org/protocol, "The
// Messages" with one schema per API and version, "Record Batch" and "Error
// codes") and the proposals KIP-482 (flexible versions, tagged fields), KIP-516
// (topic ids), KIP-98 (record batches v2) and KIP-31/KIP-32 (message sets).
//
// Messages are walked by their schema, in pieces if they are long: what is not
// asked for is skipped by its length. What a message says is kept in buffers of
// the parser until its end, when it is emitted with all the IDs of its records.
// Nothing is decrypted, and no record key or value leaves the package.
package kafka
