package l7test

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
)

// Message is a recorded message, copied, in the form of the golden files.
// Offsets count bytes of the direction; times are left out, so that any split
// of the bytes gives the same.
type Message struct {
	Dir      string   `json:"dir"` // "request" towards the server, "response" towards the client
	Kind     string   `json:"kind"`
	Op       string   `json:"op,omitempty"`
	Resource string   `json:"resource,omitempty"`
	Host     string   `json:"host,omitempty"`
	Version  string   `json:"version,omitempty"`
	Protocol string   `json:"protocol,omitempty"`
	Status   string   `json:"status,omitempty"`
	Code     int32    `json:"code,omitempty"`
	Error    string   `json:"error,omitempty"`
	Size     *int64   `json:"size,omitempty"`
	Match    uint64   `json:"match,omitempty"`
	Final    bool     `json:"final,omitempty"`
	IDs      []string `json:"ids,omitempty"`
	Attrs    []string `json:"attrs,omitempty"`
	Answers  []string `json:"answers,omitempty"`
	Terms    []string `json:"terms,omitempty"`
	First    int64    `json:"first"`
	Last     int64    `json:"last"`
	Lost     int64    `json:"lost,omitempty"`
	Cut      bool     `json:"cut,omitempty"`
	Open     bool     `json:"open,omitempty"` // never ended: a fault of the engine
	Trailer  *Trailer `json:"trailer,omitempty"`

	Head string `json:"-"` // bytes for the exchange key
	of   *l7.Proto
	dir  l7.Dir
	kind l7.Kind
	at   int64 // time of the first byte
	seq  int   // in order of arrival on the connection, with misses
}

// Trailer is what the End message of a Message added.
type Trailer struct {
	Status string   `json:"status,omitempty"`
	Code   int32    `json:"code,omitempty"`
	Error  string   `json:"error,omitempty"`
	Size   *int64   `json:"size,omitempty"`
	IDs    []string `json:"ids,omitempty"`
	Attrs  []string `json:"attrs,omitempty"`
}

// Connection is what was found on one connection.
type Connection struct {
	Name     string    `json:"connection,omitempty"`
	Proto    string    `json:"proto,omitempty"`
	Opaque   string    `json:"opaque,omitempty"`
	Missed   int       `json:"missed,omitempty"` // times a direction lost its place
	Messages []Message `json:"messages"`

	misses []miss
	seq    int
	proto  *l7.Proto
}

// miss is a place where messages of a direction may be missing.
type miss struct {
	seq int
	dir l7.Dir
}

var (
	kindNames   = [...]string{"request", "response", "interim", "oneway", "pushed", "end"}
	statusNames = [...]string{"", "ok", "client_error", "server_error"}
	classNames  = [...]string{"none", "request", "context", "baggage", "forwarded", "message", "user"}
	dirNames    = [...]string{"request", "response"}
)

// Recorder is an engine.Sink that keeps everything. Faults are what a message
// has that its Proto does not allow.
type Recorder struct {
	Conns  []*Connection
	Faults []string

	bound int64 // most bytes that the Engine may hold for the connection; 0 if there are several
}

var _ engine.Sink = (*Recorder)(nil)

// Opened meets engine.Sink.
func (r *Recorder) Opened(c *flows.Conn) {
	conn := &Connection{}
	engine.StateOf(c).User = conn
	r.Conns = append(r.Conns, conn)
}

func recordOf(c *flows.Conn) *Connection { return engine.StateOf(c).User.(*Connection) }

// Message meets engine.Sink.
func (r *Recorder) Message(c *flows.Conn, p *l7.Proto, dir l7.Dir, m *l7.Message, head []byte, whole bool) {
	conn := recordOf(c)
	conn.proto, conn.Proto = p, p.Name
	rec := r.copyOf(p, dir, m)
	rec.Head, rec.at, rec.of = string(head), m.First.Time, p
	rec.Open, rec.First, rec.Lost = !whole, m.First.Offset, m.Lost
	if whole {
		rec.Last = m.Last.Offset
	}
	conn.seq++
	rec.seq = conn.seq
	if whole && m.Last.Offset < m.First.Offset {
		r.fault("%s %q ends at %d before it begins at %d", rec.Kind, rec.Op, m.Last.Offset, m.First.Offset)
	}
	conn.Messages = append(conn.Messages, rec)
}

// Done meets engine.Sink.
func (r *Recorder) Done(c *flows.Conn, dir l7.Dir, match uint64, m *l7.Message, last l7.Stamp, lost int64, cut bool) {
	conn := recordOf(c)
	for i := len(conn.Messages) - 1; i >= 0; i-- {
		rec := &conn.Messages[i]
		if !rec.Open || rec.dir != dir || rec.Match != match {
			continue
		}
		rec.Open, rec.Last, rec.Lost, rec.Cut = false, last.Offset, lost, cut
		if m != nil {
			t := r.copyOf(rec.of, dir, m)
			rec.Trailer = &Trailer{t.Status, t.Code, t.Error, t.Size, t.IDs, t.Attrs}
		}
		return
	}
	r.fault("Done for match %d, which is not open", match)
}

// Missed meets engine.Sink.
func (r *Recorder) Missed(c *flows.Conn, dir l7.Dir, _ int64, _ l7.Stamp) {
	conn := recordOf(c)
	conn.Missed++
	conn.seq++
	conn.misses = append(conn.misses, miss{conn.seq, dir})
}

// Opaque meets engine.Sink.
func (r *Recorder) Opaque(c *flows.Conn, _ *l7.Proto, why engine.Reason) {
	recordOf(c).Opaque = why.String()
}

// Closed meets engine.Sink.
func (r *Recorder) Closed(c *flows.Conn, p *l7.Proto, _ flows.CloseReason, _ int64) {
	conn := recordOf(c)
	if p != nil {
		conn.Proto = p.Name
	}
	for i := range conn.Messages {
		if conn.Messages[i].Open {
			r.fault("%s %q is still open at Closed", conn.Messages[i].Kind, conn.Messages[i].Op)
		}
	}
}

func (r *Recorder) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

// copyOf copies a message and checks that its Proto allows it.
func (r *Recorder) copyOf(p *l7.Proto, dir l7.Dir, m *l7.Message) Message {
	rec := Message{
		Dir: dirNames[dir], Kind: kindNames[m.Kind], dir: dir, kind: m.Kind,
		Op: text(m.Op), Resource: text(m.Resource), Host: text(m.Host), Version: text(m.Version),
		Protocol: m.Protocol, Status: statusNames[m.Status], Code: m.Code, Error: text(m.Error),
		Match: m.Match, Final: m.Final,
	}
	if m.Size >= 0 {
		n := m.Size
		rec.Size = &n
	}
	for _, id := range m.IDs {
		rec.IDs = append(rec.IDs, fmt.Sprintf("%s %s=%s", classNames[id.Class], text(id.Name), text(id.Value)))
	}
	for _, a := range m.Attrs {
		if int(a.Key) >= len(p.Keys) {
			r.fault("%s sets attribute %d of %d", p.Name, a.Key, len(p.Keys))
			continue
		}
		rec.Attrs = append(rec.Attrs, p.Keys[a.Key].Name+"="+value(p.Keys[a.Key].Type, a))
	}
	for _, a := range m.Answers {
		rec.Answers = append(rec.Answers, fmt.Sprintf("%s=%s ttl %d", text(a.Name), netip.AddrFrom16(a.Addr).Unmap(), a.TTL))
	}
	for _, t := range m.Terms {
		rec.Terms = append(rec.Terms, fmt.Sprintf("%x=%s", t.Key, text(t.Name)))
	}
	return rec
}

func value(t l7.KeyType, a l7.Attr) string {
	switch t {
	case l7.Int, l7.Ints:
		return strconv.FormatInt(a.Num, 10)
	case l7.Bool:
		return strconv.FormatBool(a.Num != 0)
	case l7.Float:
		return strconv.FormatFloat(math.Float64frombits(uint64(a.Num)), 'g', -1, 64)
	}
	return text(a.Str)
}

// text is a string that survives JSON.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strconv.QuoteToASCII(string(b))
}
