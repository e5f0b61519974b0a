// Package mongodb reads the wire protocol of MongoDB and of those who speak it
// (FerretDB, DocumentDB, Cosmos DB):
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/, with the
// documents in BSON (https://bsonspec.org/spec.html), errors as in
// https://www.mongodb.com/docs/manual/reference/error-codes/ and the opcodes of
// old servers as in
// https://www.mongodb.com/docs/manual/legacy-opcodes/.
//
// Every message has its length in front: what is behind the first part of it
// is skipped. Requests and replies are matched by their ids. Values never leave
// the parser, except for names of databases, collections and logs.
package mongodb
