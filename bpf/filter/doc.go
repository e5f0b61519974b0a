// Package filter compiles packet filter expressions, in the language of
// pcap-filter(7), to classic BPF: what tcpdump does through libpcap.
//
// A Program decides for the frames of one link type; it is attached to a packet
// socket, or run in user space. It keeps to the rules of the Linux kernel: at
// most 4096 instructions, jumps forward only (see Check).
//
// The way of an expression: words (lexer.go), conditions (parser.go,
// primitive.go, arith.go), formulas over values of the packet (generator.go and
// the files it is made of), a graph of decisions (graph.go), a smaller graph
// (thread.go, merge.go, group.go), instructions (register.go, spill.go),
// program (layout.go). Values are unique, so that what was loaded or computed
// before is recognised; what is known of a value on an edge of the graph leads
// the edge past tests whose outcome is known.
//
// Programs decide as those of libpcap 1.10 do, which tests hold them to. A
// packet that ends before a field that is looked at is rejected, also below
// "not". Deviations, where libpcap cannot be right: protochain follows at most
// six headers, as the kernel takes no loops, and adds up the lengths of
// authentication headers; "byte" with & and | looks at the byte; registers of
// comparisons and of headers of variable length (802.11, Geneve) are kept
// apart. Options.Foreign knows more address families of loopback headers.
//
// Expressions and programs own their memory and are not changed once made. The
// package opens no files and asks no name servers: see Resolver.
//
// Not supported: primitives of ATM, SS7 and PF, and link types that
// capture/wire does not decode.
package filter
