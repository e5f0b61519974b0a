//go:build ignore

// Ask sends questions NAME/TYPE from 192.0.2.10 with ids from 1000 on, and
// waits for the answers.
package main

import (
	"flag"
	"log"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

func main() {
	server := flag.String("server", "", "address of the server")
	port := flag.Int("port", 40053, "own port")
	overTCP := flag.Bool("tcp", false, "use TCP")
	edns := flag.Bool("edns", false, "add an OPT record")
	repeat := flag.Bool("repeat", false, "send every query twice")
	pipeline := flag.Bool("pipeline", false, "send all queries before the first answer")
	flag.Parse()

	network, local := "udp", net.Addr(&net.UDPAddr{IP: net.IPv4(192, 0, 2, 10), Port: *port})
	if *overTCP {
		network, local = "tcp", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 10), Port: *port}
	}
	raw, err := (&net.Dialer{LocalAddr: local}).Dial(network, net.JoinHostPort(*server, "53"))
	if err != nil {
		log.Fatal(err)
	}
	conn := &dns.Conn{Conn: raw, UDPSize: 4096}
	defer conn.Close()
	wait := func() {
		conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		m, err := conn.ReadMsg()
		if err != nil {
			log.Print(err)
			return
		}
		log.Print(m.Question, m.Rcode, len(m.Answer))
	}
	times := 1
	if *repeat {
		times = 2
	}
	for i, q := range flag.Args() {
		name, typ, _ := strings.Cut(q, "/")
		m := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[typ])
		m.Id = uint16(1000 + i)
		if *edns {
			m.SetEdns0(1232, true)
		}
		for range times {
			if err := conn.WriteMsg(m); err != nil {
				log.Fatal(err)
			}
		}
		if !*pipeline {
			for range times {
				wait()
			}
		}
	}
	if *pipeline {
		for range flag.Args() {
			wait()
		}
	}
}
