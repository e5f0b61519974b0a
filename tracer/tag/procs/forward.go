package procs

import (
	"net/netip"
	"strconv"
	"strings"
)

const dockerProxy = "docker-proxy"

// forward is where a process that only passes connections on passes them to.
type forward struct {
	proto Proto
	addr  Addr
	port  uint16
}

// forwardOf reads the arguments of docker-proxy, which holds the published
// ports of containers:
//
//	docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
func forwardOf(cmdline []byte) forward {
	args := strings.Split(string(cmdline), "\x00")
	f := forward{proto: TCP}
	var ip netip.Addr
	for i := 1; i+1 < len(args); i++ {
		switch args[i] {
		case "-proto":
			if args[i+1] == "udp" {
				f.proto = UDP
			}
		case "-container-ip":
			ip, _ = netip.ParseAddr(args[i+1]) //nolint:errcheck // looked at below
		case "-container-port":
			p, err := strconv.ParseUint(args[i+1], 10, 16)
			if err == nil {
				f.port = uint16(p)
			}
		}
	}
	if !ip.IsValid() || f.port == 0 {
		return forward{}
	}
	f.addr = ip.As16()
	return f
}

// follow replaces those that only pass connections on by those that answer.
func (s *snapshot) follow(binds map[binding]owner) {
	for k, o := range binds {
		f := o.p.forward
		if f.port == 0 || f.proto != k.proto {
			continue
		}
		to, _ := s.lookup(&Endpoint{Netns: k.netns, Proto: f.proto, Addr: f.addr, Port: f.port})
		if to != nil && to.PID != 0 && to.forward.port == 0 {
			binds[k] = owner{to, o.gone}
		}
	}
}
