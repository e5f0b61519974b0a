package openwire

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// marshalled is a session of ActiveMQ's own marshallers.
type marshalled struct {
	name  string
	lines []sent
}

type sent struct {
	dir l7.Dir
	b   []byte
}

// marshalledSessions reads the sessions that testdata/make/openwire.sh wrote:
// every kind of command, in all versions and encodings.
func marshalledSessions(t *testing.T) (list []marshalled) {
	t.Helper()
	file, err := os.Open("testdata/marshalled.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		way, text, _ := strings.Cut(s.Text(), " ")
		if way == "#" {
			list = append(list, marshalled{name: text})
			continue
		}
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		l := sent{l7.ToServer, b}
		if way == "<" {
			l.dir = l7.ToClient
		}
		m := &list[len(list)-1]
		m.lines = append(m.lines, l)
	}
	if s.Err() != nil || len(list) < 12*8 {
		t.Fatalf("got %d sessions, error %v", len(list), s.Err())
	}
	return list
}

// matcher recognises the ids that are recognised by default.
func matcher(t *testing.T) l7.IDMatcher {
	t.Helper()
	m, err := ids.New(ids.Default())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// read gives commands to a parser, one by one, and returns what it says of them.
func read(t *testing.T, p *parser, lines []sent) (said []string) {
	t.Helper()
	var out l7.Emitter
	for i, l := range lines {
		out.Reset(l7.Stamp{})
		s, err := p.Parse(l.dir, l.b, &out)
		if err != nil || s.Consumed+int(s.Skip) != len(l.b) {
			t.Fatalf("command %d (%x): got step %+v and error %v, want %d bytes consumed", i, l.b, s, err, len(l.b))
		}
		m, _, ok := out.Take()
		if !ok {
			t.Fatalf("command %d (%x): got no message", i, l.b)
		}
		said = append(said, tell(m))
	}
	return said
}

// tell is what a message says, as text.
func tell(m *l7.Message) string {
	var s strings.Builder
	s.Write(m.Op)
	if len(m.Resource) > 0 {
		s.WriteString(" " + string(m.Resource))
	}
	if len(m.Error) > 0 {
		s.WriteString(" error=" + string(m.Error))
	}
	for _, a := range m.Attrs {
		name := keys[a.Key].Name
		switch {
		case a.Key == keySystem || a.Key == keyOperation || a.Key == keyDestination || a.Key == keyException:
		case keys[a.Key].Type == l7.String:
			s.WriteString(" " + name + "=" + string(a.Str))
		default:
			s.WriteString(" " + name + "=" + itoa(a.Num))
		}
	}
	for _, id := range m.IDs {
		s.WriteString(" [" + string(id.Name) + "=" + string(id.Value) + "]")
	}
	return strings.ReplaceAll(s.String(), "wirespan.openwire.", "")
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// TestMarshalled reads every kind of command in all versions and encodings. All
// encodings of a version say the same, and every version says of a message what
// its sender said.
func TestMarshalled(t *testing.T) {
	const message = "ActiveMQTextMessage orders command_id=7 messaging.operation.type=send destination.kind=queue reply_to=ID:host-1-1:1:1 " +
		"producer=ID:host-1-1:1:1:70000 transaction=TX:ID:host-1-1:1:7 messaging.message.conversation_id=c-1 group=g jms_type=order " +
		"messaging.message.body.size=9 persistent=1 redelivery=1 priority=4 messaging.message.id=ID:host-1-1:1:1:70000:5 " +
		"[X_Request_ID=7f3a9b2c4d5e6f70] [traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01] " +
		"[openwire.message=ID:host-1-1:1:1:70000:5] [openwire.correlation=fd26b7632c1633e8/f6e54a190dc00ad4] " +
		"[openwire.correlation=fd26b7632c1633e8/71194863a96708aa]"
	want := map[string][]string{}
	for _, s := range marshalledSessions(t) {
		t.Run(s.name, func(t *testing.T) {
			said := read(t, newParser(l7.Options{IDs: matcher(t)}), s.lines)
			if !slices.Contains(said, message) {
				t.Errorf("got %q, want %q among them", said, message)
			}
			version, _, _ := strings.Cut(s.name, " ")
			if want[version] == nil {
				want[version] = said
			}
			if diff := cmp.Diff(want[version], said); diff != "" {
				t.Errorf("other encodings say (-want +got):\n%s", diff)
			}
		})
	}
}

// TestJoined begins to read at every command. What is said then is a part of what
// is said of the whole, never anything else; much of it is said.
func TestJoined(t *testing.T) {
	whole, parts := 0, 0
	for _, s := range marshalledSessions(t) {
		if strings.Contains(s.name, "bare=true") {
			continue
		}
		all := read(t, newParser(l7.Options{IDs: matcher(t)}), s.lines)
		for from := 2; from < len(s.lines); from++ {
			for i, said := range read(t, newParser(l7.Options{IDs: matcher(t)}), s.lines[from:]) {
				full := strings.Fields(all[from+i])
				whole += len(full)
				for _, word := range strings.Fields(said) {
					parts++
					if word != "error=exception" && !slices.Contains(full, word) {
						t.Errorf("%s, joined at command %d, command %d: got %q, want a part of %q", s.name, from, from+i, said, all[from+i])
						break
					}
				}
			}
		}
	}
	if parts < whole*3/4 {
		t.Errorf("got %d words of %d", parts, whole)
	}
	t.Logf("%d words of %d", parts, whole)
}

// TestCacheLoss forgets what lost bytes may have replaced, and nothing else.
func TestCacheLoss(t *testing.T) {
	c := cache{size: 8}
	for i := range 4 {
		c.set(i, value{kind: aQueue, known: true}, []byte{'a' + byte(i)})
	}
	c.lost(3) // two objects at the most: indexes 4 and 5
	c.set(5, value{kind: aQueue, known: true}, []byte("f"))
	for i, want := range []string{"a", "b", "c", "d", "", "f", "", ""} {
		got := ""
		if e := c.get(i); e != nil {
			got = string(e.text)
		}
		if got != want {
			t.Errorf("index %d: got %q, want %q", i, got, want)
		}
	}
	c.lost(9) // four: 6, 7, 0, 1
	if c.get(0) != nil || c.get(1) != nil || c.get(2) == nil {
		t.Error("what a turn may have replaced is known")
	}
	c.lost(100)
	if c.get(2) != nil || c.stored != 0 {
		t.Errorf("after more than a turn something is known: %+v", c)
	}
}
