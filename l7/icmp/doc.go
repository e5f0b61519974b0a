// Package icmp reads echo requests and replies of ICMP (RFC 792, page 14) and
// ICMPv6 (RFC 4443, section 4). Two hosts are one connection; identifier, number
// and who asked find the reply. Nothing is kept.
package icmp
