package flows

import "testing"

func TestClosing(t *testing.T) {
	exchange := after3(
		pkt(40, 'c', "PA", 1001, 5001, "q"),
		pkt(50, 's', "PA", 5001, 1002, "r"),
	)
	then := func(steps ...step) []step { return append(append([]step{}, exchange...), steps...) }
	const begun = "open 1 observed\n1> q\n1< r\n"
	runScripts(t, []scriptCase{
		{
			name:  "server's reset in transfer",
			steps: then(pkt(60, 's', "R", 5002, 0, "")),
			want:  begun + "close 1 server_reset @60",
		},
		{
			name:  "client's reset after the answer",
			steps: then(pkt(60, 'c', "RA", 1002, 5002, "")),
			want:  begun + "close 1 client_rst @60",
		},
		{
			name:  "client's reset with a request open",
			steps: then(pkt(60, 'c', "PA", 1002, 5002, "q"), pkt(70, 'c', "R", 1003, 0, "")),
			want:  begun + "1> q\nclose 1 client_reset @70",
		},
		{
			name:  "client's reset after the server's FIN",
			steps: then(pkt(60, 's', "FA", 5002, 1002, ""), pkt(70, 'c', "R", 1002, 0, "")),
			want:  begun + "1< eof\nclose 1 normal @70",
		},
		{
			name: "server's reset instead of an answer to a client that has ended",
			steps: after3(pkt(40, 'c', "FPA", 1001, 5001, "q"),
				pkt(60, 's', "R", 5001, 0, "")),
			want: "open 1 observed\n1> q\n1> eof\nclose 1 server_reset @60",
		},
		{
			name:  "a reset far away is not meant for the connection",
			steps: then(pkt(60, 's', "R", 0x70000000, 0, ""), pkt(70, 's', "PA", 5002, 1002, "more")),
			want:  begun + "1< more\nclose 1 capture_ended @1070",
		},
		{
			name:  "only the client ends",
			steps: then(pkt(60, 'c', "FA", 1002, 5002, ""), tick(65000)),
			want:  begun + "1> eof\nclose 1 client_half_close @60100",
		},
		{
			name:  "only the server ends",
			steps: then(pkt(60, 's', "FA", 5002, 1002, ""), tick(65000)),
			want:  begun + "1< eof\nclose 1 server_half_close @60100",
		},
		{
			name:  "silence",
			steps: then(pkt(290000, 'c', "PA", 1002, 5002, "x"), tick(600000)),
			want:  begun + "1> x\nclose 1 timeout @590100",
		},
		{
			name: "the tail of a reset connection opens nothing, new data later does",
			steps: then(
				pkt(60, 'c', "R", 1002, 5002, ""),
				pkt(61, 's', "PA", 5002, 1002, "tail"),
				pkt(62, 'c', "R", 1002, 0, ""),
				pkt(5300, 's', "PA", 5006, 1002, "again"),
			),
			want: begun + `close 1 client_rst @60
				open 2 guessed
				2< again
				close 2 capture_ended @6300`,
		},
		{
			name: "a stray packet and the reset that answers it are no failed connect",
			steps: []step{
				pkt(0, 's', "A", 5001, 1001, ""),
				pkt(10, 'c', "R", 1001, 0, ""),
				pkt(20, 'c', "R", 1001, 0, ""),
				pkt(7000, 'c', "R", 1001, 0, ""),
				pkt(7001, 'c', "F", 1001, 0, ""),
				pkt(7002, 'c', "", 1001, 0, ""),
				pkt(7003, 'c', "SR", 1001, 0, ""),
			},
			want: "open 1 guessed\nclose 1 client_reset @10",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "syn time", c.SynTime, 0)
			},
		},
		{
			name: "data of a lost handshake on the tuple of a closed connection",
			steps: then(
				pkt(60, 'c', "FA", 1002, 5002, ""),
				pkt(61, 's', "FA", 5002, 1003, ""),
				pkt(100, 'c', "PA", 0x50000000, 0x60000000, "new"),
			),
			want: begun + `1> eof
				1< eof
				close 1 normal @61
				open 2 guessed
				2> new
				close 2 capture_ended @1100`,
		},
	})
}
