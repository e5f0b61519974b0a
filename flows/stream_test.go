package flows

import "testing"

func TestStream(t *testing.T) {
	runScripts(t, []scriptCase{
		{
			name: "payload that acknowledges what waits comes after it",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "def"),
				pkt(41, 'c', "PA", 1010, 5001, "jkl"),
				pkt(42, 's', "PA", 5001, 1007, "ABC"), // answers def, not jkl
				pkt(43, 's', "PA", 5004, 1013, "DEF"),
			),
			want: "open 1 observed\n1> gap 3\n1> def\n1< ABC\n1> gap 3\n1> jkl\n1< DEF\nclose 1 capture_ended @1043",
		},
		{
			name: "payload that acknowledges no more than a hole, or nothing of it, waits for nothing",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "def"),
				pkt(41, 's', "PA", 5001, 1001, "ABC"),
				pkt(42, 's', "PA", 5004, 1004, "DEF"),
				pkt(43, 'c', "PA", 1001, 5001, "abc"),
			),
			want: "open 1 observed\n1< ABC\n1< DEF\n1> abc\n1> def\nclose 1 capture_ended @1043",
		},
		{
			name: "a bare acknowledgement of what waits leaves time for a late capture",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "def"),
				pkt(41, 's', "A", 5001, 1007, ""),
				pkt(42, 'c', "PA", 1001, 5001, "abc"),
				pkt(43, 's', "PA", 5001, 1007, "ABC"),
			),
			want: "open 1 observed\n1> abc\n1> def\n1< ABC\nclose 1 capture_ended @1043",
		},
		{
			name: "a FIN behind a hole that payload acknowledges",
			steps: after3(
				pkt(40, 'c', "FA", 1004, 5001, ""),
				pkt(41, 's', "PA", 5001, 1005, "ABC"),
				pkt(42, 's', "FA", 5004, 1005, ""),
			),
			want: "open 1 observed\n1> gap 3\n1> eof\n1< ABC\n1< eof\nclose 1 normal @42",
		},
		{
			name: "out of order, with stamps of their own",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "def"),
				pkt(41, 'c', "PA", 1007, 5001, "ghi"),
				pkt(42, 'c', "PA", 1001, 5001, "abc"),
			),
			want: "open 1 observed\n1> abc\n1> def\n1> ghi\nclose 1 capture_ended @1042",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "out of order", c.TCP.Dir[ToServer].OutOfOrder, 1)
				equal(t, "retransmissions", c.TCP.Dir[ToServer].Retransmissions, 0)
				equal(t, "stamp", r.seqs[1], Stamp{epoch + 40*ms, 3, 1004, 5001})
			},
		},
		{
			name: "retransmission whole and in part, the first copy wins",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "abc"),
				pkt(50, 'c', "PA", 1001, 5001, "UVW"),
				pkt(60, 'c', "PA", 1002, 5001, "YYdef"),
			),
			want: "open 1 observed\n1> abc\n1> def\nclose 1 capture_ended @1060",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "retransmissions", c.TCP.Dir[ToServer].Retransmissions, 1)
			},
		},
		{
			name: "overlap with what waits, the first copy wins",
			steps: after3(
				pkt(40, 'c', "PA", 1003, 5001, "cd"),
				pkt(41, 'c', "PA", 1007, 5001, "gh"),
				pkt(42, 'c', "PA", 1002, 5001, "BZZEFZZI"),
				pkt(43, 'c', "PA", 1001, 5001, "AYYYYYYYYJ"),
			),
			want: `open 1 observed
				1> A
				1> B
				1> cd
				1> EF
				1> gh
				1> I
				1> J
				close 1 capture_ended @1043`,
		},
		{
			name: "sequence numbers wrap",
			steps: []step{
				pkt(0, 'c', "S", 0xfffffffc, 0, ""),
				pkt(1, 's', "SA", 0xffffffff, 0xfffffffd, ""),
				pkt(2, 'c', "PA", 0x00000001, 0, "efgh"),
				pkt(3, 'c', "PA", 0xfffffffd, 0, "abcd"),
				pkt(4, 's', "PA", 0, 5, "ok"),
			},
			want: "open 1 observed\n1> abcd\n1> efgh\n1< ok\nclose 1 capture_ended @1004",
		},
		{
			name: "hole acknowledged: three later segments prove it",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "d"),
				pkt(41, 's', "A", 5001, 1005, ""),
				pkt(42, 'c', "PA", 1005, 5001, "e"),
				pkt(43, 'c', "PA", 1006, 5001, "f"),
				pkt(44, 'c', "PA", 1001, 5001, "abc"),
				pkt(45, 'c', "PA", 1007, 5001, "g"),
			),
			want: "open 1 observed\n1> gap 3\n1> d\n1> e\n1> f\n1> g\nclose 1 capture_ended @1045",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "lost", c.TCP.Dir[ToServer].Lost, 3)
				equal(t, "retransmissions", c.TCP.Dir[ToServer].Retransmissions, 1)
				equal(t, "stamp after the gap", r.seqs[0], Stamp{epoch + 40*ms, 3, 1004, 5001})
			},
		},
		{
			name: "hole acknowledged before its segment comes: mere reordering",
			steps: after3(
				pkt(40, 's', "A", 5001, 1004, ""),
				pkt(41, 'c', "PA", 1001, 5001, "abc"),
			),
			want: "open 1 observed\n1> abc\nclose 1 capture_ended @1041",
		},
		{
			name: "acknowledged and never seen: 200 ms",
			steps: after3(
				pkt(40, 's', "A", 5001, 1101, ""),
				tick(500),
				pkt(600, 'c', "PA", 1101, 5001, "x"),
			),
			want: "open 1 observed\n1> gap 100\n1> x\nclose 1 capture_ended @1600",
		},
		{
			name: "a direction that was never captured has no holes",
			steps: []step{
				pkt(0, 'c', "S", 1000, 0, ""),
				pkt(10, 'c', "A", 1001, 5001, ""),
				pkt(20, 'c', "PA", 1001, 5001, "q"),
				pkt(30, 'c', "A", 1002, 9001, ""),
				pkt(900, 'c', "PA", 1002, 5001+(5<<20), "q"),
				pkt(1900, 's', "PA", 5001+(5<<20), 1003, "r"),
			},
			want: "open 1 observed\n1> q\n1> q\n1< r\nclose 1 capture_ended @2900",
		},
		{
			name: "hole that nobody acknowledged: time",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "d"),
				pkt(2000, 'c', "PA", 1005, 5001, "e"),
				tick(3200),
				pkt(3300, 'c', "PA", 1006, 5001, "f"),
			),
			want: "open 1 observed\n1> gap 3\n1> d\n1> e\n1> f\nclose 1 capture_ended @4300",
		},
		{
			name: "hole at the end of the input",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "d"),
				pkt(41, 's', "PA", 5011, 1001, "r"),
			),
			want: "open 1 observed\n1> gap 3\n1> d\n1< gap 10\n1< r\nclose 1 capture_ended @1041",
		},
		{
			name: "FIN behind a hole",
			steps: after3(
				pkt(40, 'c', "FA", 1004, 5001, ""),
				pkt(41, 's', "FA", 5001, 1001, ""),
				pkt(42, 'c', "PA", 1001, 5002, "abc"),
			),
			want: "open 1 observed\n1< eof\n1> abc\n1> eof\nclose 1 normal @42",
		},
		{
			name: "FIN behind a hole that is acknowledged",
			steps: after3(
				pkt(40, 'c', "FA", 1004, 5001, ""),
				pkt(41, 's', "FA", 5001, 1005, ""),
				tick(1000),
			),
			want: "open 1 observed\n1< eof\n1> gap 3\n1> eof\nclose 1 normal @300",
		},
		{
			name: "reset with a hole open",
			steps: after3(
				pkt(40, 'c', "PA", 1004, 5001, "d"),
				pkt(41, 'c', "R", 1005, 0, ""),
			),
			want: "open 1 observed\n1> gap 3\n1> d\nclose 1 client_reset @41",
		},
		{
			name: "keep-alives with and without a byte are no retransmissions",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "abc"),
				pkt(41, 's', "A", 5001, 1004, ""),
				pkt(10000, 'c', "A", 1003, 5001, ""),
				pkt(10001, 's', "A", 5001, 1004, ""),
				pkt(20000, 'c', "A", 1003, 5001, "c"),
				pkt(20001, 's', "A", 5001, 1004, ""),
				pkt(21000, 'c', "PA", 1004, 5001, "def"),
			),
			want: "open 1 observed\n1> abc\n1> def\nclose 1 capture_ended @22000",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "keep-alives", c.TCP.Dir[ToServer].KeepAlives, 2)
				equal(t, "retransmissions", c.TCP.Dir[ToServer].Retransmissions, 0)
				equal(t, "srt", c.TCP.Dir[ToServer].SRT.Count, 1)
			},
		},
		{
			name: "zero window and probe",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "abc"),
				pkt(41, 's', "A", 5001, 1004, "").zeroWindow(),
				pkt(240, 'c', "A", 1003, 5001, ""),
				pkt(241, 's', "A", 5001, 1004, "").zeroWindow(),
				pkt(440, 'c', "A", 1004, 5001, "d"),
				pkt(441, 's', "A", 5001, 1005, ""),
				pkt(442, 'c', "PA", 1005, 5001, "ef"),
			),
			want: "open 1 observed\n1> abc\n1> d\n1> ef\nclose 1 capture_ended @1442",
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "zero windows", c.TCP.Dir[ToClient].ZeroWindows, 2)
				equal(t, "keep-alives", c.TCP.Dir[ToServer].KeepAlives, 1)
			},
		},
		{
			name: "cut by snaplen: gap at once, in order and out of order",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "ab").cutBy(8),
				pkt(41, 'c', "PA", 1021, 5001, "ef").cutBy(8),
				pkt(42, 'c', "PA", 1011, 5001, "cd").cutBy(8),
				pkt(43, 'c', "PA", 1001, 5001, "abUVUVUVUV"),
				pkt(44, 'c', "PA", 1031, 5001, "gh"),
			),
			want: `open 1 observed
				1> ab
				1> gap 8
				1> cd
				1> gap 8
				1> ef
				1> gap 8
				1> gh
				close 1 capture_ended @1044`,
			check: func(t *testing.T, c *Conn, r *recorder) {
				equal(t, "truncated", c.TCP.Dir[ToServer].Truncated, 24)
				equal(t, "lost", c.TCP.Dir[ToServer].Lost, 24)
			},
		},
		{
			name: "bytes before the ISN and after the FIN are none",
			steps: after3(
				pkt(40, 'c', "PA", 990, 5001, "0123456789abc"),
				pkt(41, 'c', "FA", 1003, 5001, ""),
				pkt(42, 'c', "PA", 1003, 5001, "zzz"),
			),
			want: "open 1 observed\n1> bc\n1> eof\nclose 1 capture_ended @1042",
		},
		{
			name: "far out of window",
			steps: after3(
				pkt(40, 's', "A", 5001, 1001, ""),
				pkt(41, 'c', "PA", 1001+(100<<20), 5001, "evil"),
				pkt(42, 'c', "PA", 1001, 5001, "good"),
			),
			want: "open 1 observed\n1> good\nclose 1 capture_ended @1042",
		},
		{
			name: "times that are missing or jump back",
			steps: after3(
				pkt(40, 'c', "PA", 1001, 5001, "a"),
				pkt(-epoch/ms, 'c', "PA", 1002, 5001, "b"),
				pkt(-9000, 'c', "PA", 1003, 5001, "c"),
				pkt(39, 'c', "PA", 1004, 5001, "d"),
			),
			want: "open 1 observed\n1> a\n1> b\n1> c\n1> d\nclose 1 capture_ended @1040",
			check: func(t *testing.T, c *Conn, r *recorder) {
				for i, want := range []int64{40, 40, 40, 39} {
					equal(t, "time", r.seqs[i].Time, epoch+want*ms)
				}
			},
		},
	})
}
