package mysql

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// pk makes a packet.
func pk(seq int, payload ...string) string {
	p := strings.Join(payload, "")
	return string([]byte{byte(len(p)), byte(len(p) >> 8), byte(len(p) >> 16), byte(seq)}) + p
}

func u32(n uint32) string {
	return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
}

// hello is the greeting of MySQL 8 with these capabilities.
func hello(caps uint32) string {
	return pk(0, "\x0a8.0.36\x00", "\x08\x00\x00\x00", "abcdefgh\x00", u32(caps)[:2], "\xff\x02\x00", u32(caps)[2:], "\x15", strings.Repeat("\x00", 10), "ijklmnopqrst\x00", "caching_sha2_password\x00")
}

func loginWith(caps uint32) string {
	return pk(1, u32(caps), u32(1<<24), "\xff", strings.Repeat("\x00", 23), "root\x00", "\x04hash", "shop\x00", "caching_sha2_password\x00")
}

const (
	everything = cap41 | capWithDB | capSecure | capLongPassword | 1<<19
	okay       = "\x00\x00\x00\x02\x00\x00\x00"
	eof        = "\xfe\x00\x00\x02\x00"
	okEOF      = "\xfe\x00\x00\x02\x00\x00\x00"
	column     = "\x03def\x00\x00\x00\x011\x00\x0c\x3f\x00\x01\x00\x00\x00\x08\x81\x00\x00\x00\x00"
)

// start logs in with the fast path of caching_sha2_password.
func logsIn(caps uint32) []l7test.Turn {
	return []l7test.Turn{
		l7test.Server(hello(caps)), l7test.Client(loginWith(caps)),
		l7test.Server(pk(2, "\x01\x03")), l7test.Server(pk(3, okay)),
	}
}

// result is a result set of n rows.
func result(n int, noEOF bool) string {
	b, seq := pk(1, "\x01")+pk(2, column), 3
	if !noEOF {
		b += pk(seq, eof)
		seq++
	}
	for range n {
		b += pk(seq, "\x041234")
		seq++
	}
	if noEOF {
		return b + pk(seq, okEOF)
	}
	return b + pk(seq, eof)
}

// short is a message in a word or two.
func short(m l7test.Message) string {
	s := fmt.Sprintf("%s %s", m.Kind, m.Op)
	for _, a := range append(m.Attrs, m.IDs...) {
		if k, v, _ := strings.Cut(a, "="); k == "db.query.text" || k == "context traceparent" || k == "db.namespace" || k == "wirespan.db.affected_rows" || k == "wirespan.db.statement" {
			s += " " + v
		}
	}
	if m.Code != 0 {
		s += fmt.Sprint(" ", m.Code)
	}
	if m.Trailer != nil {
		for _, a := range m.Trailer.Attrs {
			if _, v, ok := strings.Cut(a, "returned_rows="); ok {
				s += " rows " + v
			}
		}
		if m.Trailer.Code != 0 {
			s += fmt.Sprint(" ", m.Trailer.Code)
		}
	}
	if m.Cut {
		s += " cut"
	}
	return strings.TrimSpace(strings.Join(strings.Fields(s), " "))
}

func shorts(r *l7test.Result) (list []string) {
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			list = append(list, short(m))
		}
	}
	return list
}

const contextValue = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// attributed is the query with two query attributes, a number and a context.
var attributed = "\x03\x02\x01\x00\x01" + "\x08\x00\x01n" + "\xfe\x00\x0btraceparent" + "\x07\x00\x00\x00\x00\x00\x00\x00" + "\x37" + contextValue + "SELECT 'x'"

func join(parts ...[]l7test.Turn) (all []l7test.Turn) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func turns(t ...l7test.Turn) []l7test.Turn { return t }

// cases are sessions of what no server at hand speaks.
func cases() map[string]struct {
	turns []l7test.Turn
	want  []string
} {
	type c = struct {
		turns []l7test.Turn
		want  []string
	}
	cl, sv := l7test.Client, l7test.Server
	login := []string{"request LOGIN shop", "response"}
	return map[string]c{
		"query attributes": {
			join(logsIn(everything|capNoEOF|capAttributes), turns(cl(pk(0, attributed)), sv(result(2, true)), cl(pk(0, "\x03\x00\x01SELECT 2")), sv(result(1, true)))),
			append(login[:2:2], "request SELECT SELECT ? shop "+contextValue, "response rows 2", "request SELECT SELECT ? shop", "response rows 1"),
		},
		"cursor": {
			join(logsIn(everything), turns(
				cl(pk(0, "\x16SELECT a FROM t")), sv(pk(1, "\x00", u32(7), "\x01\x00\x00\x00\x00\x00\x00")+pk(2, column)+pk(3, eof)),
				cl(pk(0, "\x17", u32(7), "\x01", u32(1))), sv(pk(1, "\x01")+pk(2, column)+pk(3, "\xfe\x00\x00\x42\x00")),
				cl(pk(0, "\x1c", u32(7), u32(2))), sv(pk(1, "\x00\x00\x01")+pk(2, "\x00\x00\x02")+pk(3, "\xfe\x00\x00\x42\x00")),
				cl(pk(0, "\x1c", u32(7), u32(2))), sv(pk(1, "\x00\x00\x03")+pk(2, "\xfe\x00\x00\x82\x00")),
				cl(pk(0, "\x18", u32(7), "\x00\x00data")), cl(pk(0, "\x1a", u32(7))), sv(pk(1, okay)), cl(pk(0, "\x19", u32(7))))),
			append(login[:2:2], "request PREPARE STATEMENT SELECT a FROM t shop", "response 7", "request SELECT SELECT a FROM t 7 shop", "response rows 0",
				"request FETCH DATA SELECT a FROM t 7 shop", "response rows 2", "request FETCH DATA SELECT a FROM t 7 shop", "response rows 1",
				"oneway SEND LONG DATA SELECT a FROM t 7 shop", "request RESET STATEMENT SELECT a FROM t 7 shop", "response", "oneway CLOSE STATEMENT SELECT a FROM t 7 shop"),
		},
		"small commands": {
			join(logsIn(everything), turns(
				cl(pk(0, "\x09")), sv(pk(1, "Uptime: 12  Threads: 1")),
				cl(pk(0, "\x04t\x00")), sv(pk(1, column, "\xfb")+pk(2, column, "\xfb")+pk(3, eof)),
				cl(pk(0, "\x0d")), sv(pk(1, eof)), cl(pk(0, "\x1b\x00\x00")), sv(pk(1, eof)),
				cl(pk(0, "\x02stock")), sv(pk(1, okay)), cl(pk(0, "\x03USE `shop`")), sv(pk(1, okay)), cl(pk(0, "\x0e")), sv(pk(1, okay)),
				cl(pk(0, "\x02nowhere")), sv(pk(1, "\xff\x19\x04#42000Unknown database 'nowhere'")), cl(pk(0, "\x0e")), sv(pk(1, okay)), cl(pk(0, "\x01")))),
			append(login[:2:2], "request STATISTICS shop", "response", "request SHOW FIELDS shop", "response", "request DEBUG shop", "response", "request SET OPTION shop", "response",
				"request USE DATABASE stock stock", "response", "request USE USE `shop` stock", "response", "request PING shop", "response",
				"request USE DATABASE nowhere nowhere", "response 1049", "request PING shop", "response", "oneway QUIT shop"),
		},
		"change of user": {
			join(logsIn(everything), turns(
				cl(pk(0, "\x11bob\x00\x04hashstock\x00\xff\x00caching_sha2_password\x00")), sv(pk(1, "\xfecaching_sha2_password\x00abcdefghijklmnopqrst\x00")),
				cl(pk(2, "hash of 32 bytes")), sv(pk(3, "\x01\x04")), cl(pk(4, "\x02")), sv(pk(5, "\x01-----BEGIN PUBLIC KEY-----")), cl(pk(6, "encrypted")), sv(pk(7, okay)),
				cl(pk(0, "\x0e")), sv(pk(1, okay)))),
			append(login[:2:2], "request CHANGE USER shop", "response", "request PING stock", "response"),
		},
		"error within rows": {
			join(logsIn(everything), turns(cl(pk(0, "\x03SELECT a FROM t")), sv(pk(1, "\x01")+pk(2, column)+pk(3, eof)+pk(4, "\x011")+pk(5, "\xff\x25\x05#70100Query execution was interrupted")),
				cl(pk(0, "\x03DELETE FROM t")), sv(pk(1, "\x00\x03\x00\x02\x00\x00\x00")))),
			append(login[:2:2], "request SELECT SELECT a FROM t shop", "response rows 1 1317", "request DELETE DELETE FROM t shop", "response 3"),
		},
		"metadata left out": {
			join(logsIn(everything|capNoEOF|capMetadata|capAttributes), turns(cl(pk(0, "\x03\x00\x01SELECT 1")), sv(pk(1, "\x01\x00")+pk(2, "\x011")+pk(3, okEOF)), cl(pk(0, "\x03\x00\x01SELECT 1")), sv(pk(1, "\x01\x01")+pk(2, column)+pk(3, "\x011")+pk(4, okEOF)))),
			append(login[:2:2], "request SELECT SELECT ? shop", "response rows 1", "request SELECT SELECT ? shop", "response rows 1"),
		},
		"many rows": {
			join(logsIn(everything), turns(cl(pk(0, "\x03SELECT a FROM t")), sv(result(1000, false)), cl(pk(0, "\x0e")), sv(pk(1, okay)))),
			append(login[:2:2], "request SELECT SELECT a FROM t shop", "response rows 1000", "request PING shop", "response"),
		},
		"refusal": {
			turns(sv(pk(0, "\xff\x10\x04Too many connections"))),
			[]string{"pushed LOGIN 1040"},
		},
	}
}

func TestSessions(t *testing.T) {
	for name, c := range cases() {
		t.Run(name, func(t *testing.T) {
			s := l7test.Session{Turns: c.turns}
			r := l7test.Play(s, Proto())
			if diff := cmp.Diff(c.want, shorts(r)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if name != "many rows" {
				l7test.ChopSession(t, Proto(), s)
			}
			l7test.SwapSession(t, Proto(), s)
			l7test.DropSession(t, Proto(), s, byPlace)
			l7test.ReorderSession(t, Proto(), s)
		})
	}
}

// TestCompressed: in the compressed protocol the same is found, whatever the
// method and however packets lie in the compressed ones.
func TestCompressed(t *testing.T) {
	for name, flag := range map[string]uint32{"zlib": capCompress, "zstd": capZstd} {
		for _, size := range []int{16, 100, 5000} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				for from, c := range cases() {
					if from == "refusal" {
						continue
					}
					s := l7test.Session{Turns: packTurns(c.turns, flag, size)}
					r := l7test.Play(s, Proto())
					if diff := cmp.Diff(c.want, shorts(r)); diff != "" {
						t.Errorf("%s (-want +got):\n%s", from, diff)
					}
					if from == "cursor" && size == 100 {
						l7test.ChopSession(t, Proto(), s)
					}
				}
			})
		}
	}
}

// packTurns compresses what follows the login, size bytes at a time.
func packTurns(in []l7test.Turn, flag uint32, size int) (out []l7test.Turn) {
	for i, t := range in {
		b := string(t.Bytes)
		switch {
		case i < 2: // the capabilities
			b = strings.Replace(strings.Replace(b, hello(everything), hello(everything|flag), 1), loginWith(everything), loginWith(everything|flag), 1)
			for _, more := range []uint32{capNoEOF | capAttributes, capNoEOF | capMetadata | capAttributes} {
				b = strings.Replace(strings.Replace(b, hello(everything|more), hello(everything|more|flag), 1), loginWith(everything|more), loginWith(everything|more|flag), 1)
			}
		case i > 3:
			var packed strings.Builder
			for seq := int(t.Dir); len(b) > 0; seq++ {
				n := min(size, len(b))
				packed.WriteString(packPacket(b[:n], seq, flag))
				b = b[n:]
			}
			b = packed.String()
		}
		out = append(out, l7test.Turn{Dir: t.Dir, Bytes: []byte(b)})
	}
	return out
}

func packPacket(b string, seq int, flag uint32) string {
	var z bytes.Buffer
	if flag == capCompress {
		w := zlib.NewWriter(&z)
		w.Write([]byte(b))
		w.Close()
	} else {
		w, _ := zstd.NewWriter(&z)
		w.Write([]byte(b))
		w.Close()
	}
	if z.Len() >= len(b) || len(b) < 50 {
		return u32(uint32(len(b)))[:3] + string(rune(seq&0x7f)) + "\x00\x00\x00" + b
	}
	return u32(uint32(z.Len()))[:3] + string(rune(seq&0x7f)) + u32(uint32(len(b)))[:3] + z.String()
}

// TestGapInRows: a hole in a result set costs no exchange; rows are those seen.
func TestGapInRows(t *testing.T) {
	rows := result(3000, false)
	cut := len(rows) / 3
	s := l7test.Session{Turns: join(logsIn(everything), turns(
		l7test.Client(pk(0, "\x03SELECT a FROM t")), l7test.Server(rows[:cut]), l7test.Lost(l7.ToClient, 5000), l7test.Server(rows[cut+5000:]),
		l7test.Client(pk(0, "\x0e")), l7test.Server(pk(1, okay))))}
	want := []string{"request LOGIN shop", "response", "request SELECT SELECT a FROM t shop", fmt.Sprint("response rows ", 3000-5000/9-1), "request PING shop", "response"}
	r := l7test.Play(s, Proto())
	if diff := cmp.Diff(want, shorts(r)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if m := r.Conns[0].Messages[3]; m.Lost != 5000 || m.Cut {
		t.Errorf("lost %d, cut %v", m.Lost, m.Cut)
	}
}

// TestCutStatement: of a statement that the snaplen cuts, what is there is
// shown, and the answer is its own.
func TestCutStatement(t *testing.T) {
	sql := "\x03SELECT a FROM t WHERE b IN (" + strings.Repeat("'secret', ", 300) + "1)"
	s := l7test.Session{Turns: join(logsIn(everything), turns(
		l7test.Client(pk(0, sql)[:512]), l7test.Lost(l7.ToServer, int64(len(sql)+4-512)), l7test.Server(result(1, false)),
		l7test.Client(pk(0, "\x0e")), l7test.Server(pk(1, okay))))}
	got := shorts(l7test.Play(s, Proto()))
	if len(got) != 6 || !strings.HasPrefix(got[2], "request SELECT SELECT a FROM t WHERE b IN (?, ?") || got[3] != "response rows 1" || strings.Contains(got[2], "secret") {
		t.Errorf("messages %q", got)
	}
}

// TestLarge: payloads of 16 MB and more go on in the next packet, of statements
// as of rows.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 80 MB")
	}
	fill := strings.Repeat("x", maxPacket)
	row := pk(4, "\xfe\x00\x00\x00\x02\x00\x00\x00\x00"+fill[:maxPacket-9]) + pk(5, fill) + pk(6, "")
	s := l7test.Session{Turns: join(logsIn(everything), turns(
		l7test.Client(pk(0, ("\x03SELECT '" + fill)[:maxPacket])), l7test.Client(pk(1, fill[:1000], "'")),
		l7test.Server(pk(2, "\x01")+pk(3, column)), l7test.Server(row), l7test.Server(pk(7, "\x011")+pk(8, okEOF)),
		l7test.Client(pk(0, "\x0e")), l7test.Server(pk(1, okay))))}
	want := []string{"request LOGIN shop", "response", "request SELECT SELECT ? shop", "response rows 2", "request PING shop", "response"}
	if diff := cmp.Diff(want, shorts(l7test.Play(s, Proto()))); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestMidstream: a capture may begin anywhere, in the compressed protocol too.
func TestMidstream(t *testing.T) {
	for name, flag := range map[string]uint32{"plain": 0, "zlib": capCompress, "zstd": capZstd} {
		t.Run(name, func(t *testing.T) {
			all := join(logsIn(everything), turns(
				l7test.Client(pk(0, "\x03SELECT a FROM t WHERE b = 'some text that is long enough to be compressed, compressed, compressed'")), l7test.Server(result(20, false)),
				l7test.Client(pk(0, "\x03SELECT b FROM t")), l7test.Server(result(2, false))))
			if flag != 0 {
				all = packTurns(all, flag, 5000)
			}
			s := l7test.Session{Midstream: true, Port: 3306, Turns: all[4:]}
			want := []string{"request SELECT SELECT a FROM t WHERE b = ?", "response rows 20", "request SELECT SELECT b FROM t", "response rows 2"}
			if diff := cmp.Diff(want, shorts(l7test.Play(s, Proto()))); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			s.Turns = all[5:]
			want = want[2:]
			got := shorts(l7test.Play(s, Proto()))
			if len(got) < 2 {
				t.Fatalf("messages %q", got)
			}
			if flag == 0 && got[0] != "response rows 20" {
				t.Errorf("an answer without request is %q", got[0])
			}
			if diff := cmp.Diff(want, got[len(got)-2:]); diff != "" {
				t.Errorf("beginning with an answer (-want +got):\n%s", diff)
			}
		})
	}
}
