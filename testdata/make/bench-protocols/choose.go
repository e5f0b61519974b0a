package main

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// most is how many recordings of a protocol are repeated.
const most = 3

// chosen are the recordings of protocols whose largest ones are not what is
// usual: short failures, recordings of another folder, or (gRPC) trace contexts
// in Huffman's code, which renumber cannot tell apart.
var chosen = map[string][]string{
	"http1":  {"testdata/golden/http-siblings.pcap", "testdata/golden/http-chunked.pcap", "testdata/golden/http-methods.pcap"},
	"http2":  {"l7/http2/testdata/nginx.pcap", "l7/http2/testdata/nghttp.pcap"},
	"dns":    {"l7/dns/testdata/udp/dnsmasq.pcap", "l7/dns/testdata/udp/unbound.pcap"},
	"kafka":  {"l7/kafka/testdata/flow.pcap", "l7/kafka/testdata/snappy.pcap", "l7/kafka/testdata/v2.pcap"},
	"mysql":  {"l7/mysql/testdata/text.txt", "l7/mysql/testdata/prepared.txt", "l7/mysql/testdata/multi.txt"},
	"tls":    {"l7/tls/testdata/nginx-http1-tls12.txt", "l7/tls/testdata/nginx-http1-tls13.txt", "l7/tls/testdata/tls12-resumed.txt"},
	"oracle": {"l7/oracle/testdata/goora.pcap", "l7/oracle/testdata/node.pcap", "l7/oracle/testdata/goora-services.pcap"},
	"socks":  {"l7/socks/testdata/socks5.pcap", "l7/socks/testdata/socks5-name.pcap", "l7/socks/testdata/socks4.pcap"},
	"icmp":   {"l7/icmp/testdata/ping4.pcap", "l7/icmp/testdata/ping6.pcap"},
}

// others are folders of l7 that are no protocols.
var others = []string{"_template", "all", "engine"}

// recordings lists what of the tests of a protocol is repeated: the largest
// captures or, where there are none, the largest sessions.
func recordings(name string) []string {
	if files := chosen[name]; files != nil {
		return files
	}
	if slices.Contains(others, name) {
		return nil
	}
	for _, ext := range []string{".pcap", ".txt"} {
		if files := largest(filepath.Join("l7", name, "testdata"), ext); len(files) > 0 {
			return files
		}
	}
	return nil
}

func largest(dir, ext string) (files []string) {
	sizes := make(map[string]int64)
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ext {
			if info, err := os.Stat(path); err == nil {
				sizes[path] = info.Size()
				files = append(files, path)
			}
		}
		return nil
	})
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	return files[:min(len(files), most)]
}
