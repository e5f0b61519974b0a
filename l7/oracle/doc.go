// Package oracle reads Oracle Net (TNS) and the Two-Task Common layer (TTC)
// that carries the calls of Oracle's clients.
//
// Oracle publishes neither. What is here follows the public sources of its
// thin drivers (node-oracledb, lib/thin, https://github.com/oracle/node-oracledb;
// their names of packets, messages and functions are used: NSPTDA, TTIFUN,
// OALL8), go-ora (https://github.com/sijms/go-ora), Wireshark's packet-tns.c,
// and the list of functions in Oracle's Trace Assistant ("Oracle Net Services
// Administrator's Guide", 16.7.5).
//
// A request is one function call, with the piggybacks in front of it, in one
// data packet or several; its answer ends with an error record (TTIOER) or a
// status (TTISTA). A connection has one request at a time, or a pipeline. Pairs
// go to tracer/join by Message.Match, which is the TCP sequence number of the
// request's first byte.
//
// Packets are read as they come. Of a request what is wanted is collected
// within bounds; of an answer only the last bytes, for there is the outcome:
// rows are passed over unread. Clients that marshal numbers with their length
// (thin ones: JDBC, node-oracledb, python-oracledb, ODP.NET, go-ora) are read
// by field; those that send memory as it is (OCI) as far as texts tell. Nothing
// refers to the input. No bind value, row or password is shown.
package oracle
