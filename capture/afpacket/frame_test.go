package afpacket

import "net"

func mustIP4(s string) []byte { return net.ParseIP(s).To4() }
