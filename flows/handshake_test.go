package flows

import "testing"

func TestHandshake(t *testing.T) {
	runScripts(t, []scriptCase{
		{
			name: "handshake, exchange, FIN both ways, late ACK",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "GET"),
				pkt(45, 's', "A", 5001, 1004, ""),
				pkt(60, 's', "PA", 5001, 1004, "200"),
				pkt(100, 'c', "FA", 1004, 5004, ""),
				pkt(110, 's', "FA", 5004, 1005, ""),
				pkt(120, 'c', "A", 1005, 5005, ""),
				pkt(130, 's', "FA", 5004, 1005, ""),
				pkt(140, 's', "PA", 5001, 1004, "200"),
			),
			want: `open 1 observed
				1> GET
				1< 200
				1> eof
				1< eof
				close 1 normal @110`,
			check: func(t *testing.T, c *Conn, r *recorder) {
				m := &c.TCP
				equal(t, "handshake", c.Handshake, true)
				equal(t, "rtt", m.RTT, 30*ms)
				equal(t, "rtt client", m.RTTClient, 20*ms)
				equal(t, "rtt server", m.RTTServer, 10*ms)
				equal(t, "srt", m.Dir[ToServer].SRT, Delay{5 * ms, 5 * ms, 1})
				equal(t, "art", m.Dir[ToServer].ART, Delay{20 * ms, 20 * ms, 1})
				equal(t, "cit", m.Dir[ToClient].CIT, Delay{10 * ms, 10 * ms, 1})
				equal(t, "bytes", m.Dir[ToClient].Bytes, 3)
				equal(t, "packets", m.Dir[ToServer].Packets, 4)
				equal(t, "ttl", c.TTL, [2]uint8{64, 64})
				equal(t, "stamp", r.seqs[1], Stamp{Time: epoch + 60*ms, Seq: 5001, Ack: 1004})
			},
		},
		{
			name: "data in the SYN, repeated in part when only the SYN was acknowledged",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, "abc"),
				pkt(10, 's', "SA", 5000, 1001, ""),
				pkt(20, 'c', "PA", 1001, 5001, "abcdef"),
			},
			want: `open 1 observed
				1> abc
				1> def
				close 1 capture_ended @1020`,
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "handshake", c.Handshake, true)
				equal(t, "retransmissions", c.TCP.Dir[ToServer].Retransmissions, 0)
			},
		},
		{
			name: "the ACK of the handshake is not seen, but the request that comes later",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(10, 's', "SA", 5000, 1001, ""),
				pkt(3010, 'c', "PA", 1001, 5001, "GET"),
				pkt(3020, 's', "PA", 5001, 1004, "200"),
				pkt(3030, 'c', "A", 1004, 5004, ""),
			},
			want: `open 1 observed
				1> GET
				1< 200
				close 1 capture_ended @4030`,
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "handshake", c.Handshake, true)
				equal(t, "late", c.LateOpen, true)
				equal(t, "rtt", c.TCP.RTT, 0)
				equal(t, "rtt client", c.TCP.RTTClient, 0)
				equal(t, "rtt server", c.TCP.RTTServer, 10*ms)
				equal(t, "cit", c.TCP.Dir[ToClient].CIT, Delay{})
			},
		},
		{
			name: "SYN and SYN-ACK repeated",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(1000, 'c', "S", 1000, 0, ""),
				pkt(1010, 's', "SA", 5000, 1001, ""),
				pkt(2010, 's', "SA", 5000, 1001, ""),
				pkt(2020, 'c', "A", 1001, 5001, ""),
			},
			want: "open 1 observed\nclose 1 capture_ended @3020",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "syn", c.TCP.SYNRetransmissions, 1)
				equal(t, "synack", c.TCP.SYNACKRetransmissions, 1)
				equal(t, "rtt server", c.TCP.RTTServer, 1010*ms)
				equal(t, "syn time", c.SynTime, epoch)
				equal(t, "open time", c.OpenTime, epoch+2020*ms)
			},
		},
		{
			name: "SYN-ACK with another ISN before the ACK",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(10, 's', "SA", 5000, 1001, ""),
				pkt(20, 's', "SA", 7000, 1001, ""),
				pkt(30, 'c', "PA", 1001, 7001, "x"),
				pkt(40, 's', "PA", 7001, 1002, "y"),
			},
			want: "open 1 observed\n1> x\n1< y\nclose 1 capture_ended @1040",
		},
		{
			name: "the client's ACK was captured before the SYN-ACK",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(1, 'c', "PA", 1001, 5001, "q"),
				pkt(2, 's', "SA", 5000, 1001, ""),
				pkt(3, 'c', "A", 1002, 5001, ""),
				pkt(900, 's', "SA", 5000, 1001, ""),
			},
			want: "open 1 observed\n1> q\nclose 1 capture_ended @1900",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "handshake", c.Handshake, true)
				equal(t, "synack", c.TCP.SYNACKRetransmissions, 1)
			},
		},
		{
			name: "simultaneous open",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(1, 's', "S", 5000, 0, ""),
				pkt(10, 'c', "SA", 1000, 5001, ""),
				pkt(11, 's', "SA", 5000, 1001, ""),
				pkt(20, 'c', "PA", 1001, 5001, "hi"),
				pkt(30, 's', "PA", 5001, 1003, "ho"),
			},
			want: "open 1 observed\n1> hi\n1< ho\nclose 1 capture_ended @1030",
		},
		{
			name: "nobody answers",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(1000, 'c', "S", 1000, 0, ""),
				tick(12000),
			},
			want: "open 1 observed\nclose 1 syn_timeout @11100",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "syn time", c.SynTime, epoch)
			},
		},
		{
			name: "refused, and the SYN repeated as some stacks do",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(10, 's', "RA", 0, 1001, ""),
				pkt(500, 'c', "S", 1000, 0, ""),
				pkt(510, 's', "RA", 0, 1001, ""),
				pkt(1000, 'c', "S", 2000, 0, ""),
				pkt(1010, 's', "RA", 0, 2001, ""),
			},
			want: `open 1 observed
				close 1 refused @10
				open 2 observed
				close 2 refused @1010`,
		},
		{
			name: "the client never acknowledges",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(10, 's', "SA", 5000, 1001, ""),
				pkt(1010, 's', "SA", 5000, 1001, ""),
				tick(40000),
			},
			want: "open 1 observed\nclose 1 ack_timeout @31100",
		},
		{
			name:  "the client aborts the handshake",
			steps: append(append([]step{}, hello[:2]...), pkt(20, 'c', "R", 1001, 0, "")),
			want:  "open 1 observed\nclose 1 client_abort @20",
		},
		{
			name:  "the server aborts the handshake",
			steps: append(append([]step{}, hello[:2]...), pkt(20, 's', "R", 5001, 0, "")),
			want:  "open 1 observed\nclose 1 server_abort @20",
		},
		{
			name: "accept queue full",
			steps: after3(
				pkt(1010, 's', "SA", 5000, 1001, ""),
				pkt(1011, 'c', "A", 1001, 5001, ""),
				pkt(3010, 's', "SA", 5000, 1001, ""),
				pkt(3020, 's', "R", 5001, 0, ""),
			),
			want: "open 1 observed\nclose 1 queue_overflow @3020",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "synack", c.TCP.SYNACKRetransmissions, 2)
			},
		},
		{
			name: "port reuse on an established connection",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "a"),
				pkt(900, 'c', "S", 90000, 0, ""),
				pkt(910, 's', "SA", 70000, 90001, ""),
				pkt(920, 'c', "PA", 90001, 70001, "b"),
			),
			want: `open 1 observed
				1> a
				close 1 port_reuse @900
				open 2 observed
				2> b
				close 2 capture_ended @1920`,
		},
		{
			name: "port reuse before an answer and after the end",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(100, 'c', "S", 2000, 0, ""),
				pkt(110, 's', "R", 0, 0, ""),
				pkt(200, 'c', "S", 3000, 0, ""),
				pkt(210, 's', "SA", 5000, 3001, ""),
			},
			want: `open 1 observed
				close 1 syn_timeout @100
				open 2 observed
				close 2 refused @110
				open 3 observed
				close 3 capture_ended @1210`,
		},
		{
			name: "half-open: challenge ACK, reset, second SYN",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(10, 's', "A", 777777, 888888, ""),
				pkt(20, 'c', "R", 888888, 0, ""),
				pkt(1000, 'c', "S", 1000, 0, ""),
				pkt(1010, 's', "SA", 5000, 1001, ""),
				pkt(1020, 'c', "PA", 1001, 5001, "q"),
			},
			// The reset is far outside of the new connection: it meant the old one.
			want: "open 1 observed\n1> q\nclose 1 capture_ended @2020",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "syn", c.TCP.SYNRetransmissions, 1)
				equal(t, "handshake", c.Handshake, true)
			},
		},
		{
			name: "only the client's packets",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(30, 'c', "A", 1001, 5001, ""),
				pkt(20000, 'c', "PA", 1001, 5001, "late"),
			},
			want: "open 1 observed\n1> late\nclose 1 capture_ended @21000",
		},
	})
}
