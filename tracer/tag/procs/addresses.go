package procs

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"net/netip"
)

// maxAddresses bounds the addresses of one network namespace. A host with as
// many routes has a long fib_trie, of which the rest is not read.
const maxAddresses = 4096

// readFibTrie adds the local IPv4 addresses of a namespace, from
// /proc/PID/net/fib_trie: the leaf before a line "/32 host LOCAL".
//
//	|-- 192.0.2.7
//	   /32 host LOCAL
func readFibTrie(r io.Reader, add func(Addr)) error {
	sc := bufio.NewScanner(io.LimitReader(r, 8<<20))
	sc.Buffer(make([]byte, 0, maxNetLine), maxNetLine)
	var leaf []byte
	n := 0
	for sc.Scan() && n < maxAddresses {
		line := bytes.TrimLeft(sc.Bytes(), " ")
		if a, ok := bytes.CutPrefix(line, []byte("|-- ")); ok {
			leaf = append(leaf[:0], a...)
			continue
		}
		if !bytes.HasPrefix(line, []byte("/32 host LOCAL")) {
			continue
		}
		if a, err := netip.ParseAddr(string(leaf)); err == nil && a.Is4() {
			add(a.As16())
			n++
		}
	}
	return sc.Err()
}

// readIfInet6 adds the local IPv6 addresses of a namespace, from
// /proc/PID/net/if_inet6: "00000000000000000000000000000001 01 80 10 80 lo".
func readIfInet6(r io.Reader, add func(Addr)) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, maxNetLine), maxNetLine)
	for n := 0; sc.Scan() && n < maxAddresses; {
		word, _, _ := bytes.Cut(sc.Bytes(), []byte(" "))
		var a Addr
		if len(word) == 2*len(a) {
			if _, err := hex.Decode(a[:], word); err == nil {
				add(a)
				n++
			}
		}
	}
	return sc.Err()
}
