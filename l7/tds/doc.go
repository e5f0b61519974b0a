// Package tds reads the Tabular Data Stream protocol of Microsoft SQL Server,
// versions 7.0 to 7.4 ([MS-TDS],
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds; sections in
// the comments are its), its multiplexing ([MC-SMP]), and as much of Sybase's
// versions 4.2 and 5.0 as names requests and their outcome.
//
// A message is a row of packets; a request is one message of the client, its
// answer one of the server. A session has one request at a time, and MARS has
// many sessions on a connection. Pairs go to tracer/join by Message.Match,
// which is the TCP sequence number of the request's first byte.
//
// Packets are read as they come. What of a request is wanted is collected in
// a buffer of the session, within bounds; of an answer a walker sees the
// tokens, and passes over rows by the lengths of their values. Nothing refers
// to the input. No parameter, row, user, password or program name is shown.
package tds
