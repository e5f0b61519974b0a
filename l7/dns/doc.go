// Package dns reads DNS, multicast DNS and LLMNR over UDP and TCP.
//
// The header, the questions, the addresses and the names in answers, and the
// extended response code are read here, without allocation; the text of rarer
// records comes from github.com/miekg/dns, within a bound per message. A
// message whose records are broken, or cut by snaplen, is still reported with
// its header and question.
//
// Messages lend the slices of the parser's own buffers: they hold until the
// next call of Parse. The package pairs nothing; Message.Match combines the
// transaction id with the question, so that a query and its answer agree.
package dns
