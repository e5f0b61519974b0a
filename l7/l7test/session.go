package l7test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/l7"
)

// Turn is one segment or datagram of a Session, or what happened instead.
type Turn struct {
	Dir   l7.Dir
	Bytes []byte
	Lost  int64 // bytes that were never captured, instead of Bytes
	Fin   bool  // the direction ends, instead of Bytes
}

// Session is one connection as a script: turn i is captured i milliseconds
// after the first.
type Session struct {
	UDP       bool   // datagrams: of ICMP if the protocol's are
	Midstream bool   // no handshake was captured; the roles are a guess
	Port      uint16 // of the server; 0 means 9999
	Turns     []Turn
	Repeat    int // first of the turns that Allocs and Bench repeat
}

// TCP is a Session of segments.
func TCP(turns ...Turn) Session { return Session{Turns: turns} }

// UDP is a Session of datagrams.
func UDP(turns ...Turn) Session { return Session{UDP: true, Turns: turns} }

// Client is a segment or datagram of the client.
func Client(b string) Turn { return Turn{Dir: l7.ToServer, Bytes: []byte(b)} }

// Server is a segment or datagram of the server.
func Server(b string) Turn { return Turn{Dir: l7.ToClient, Bytes: []byte(b)} }

// Lost stands for n bytes of a direction that were not captured.
func Lost(dir l7.Dir, n int64) Turn { return Turn{Dir: dir, Lost: n} }

// Fin ends a direction in order.
func Fin(dir l7.Dir) Turn { return Turn{Dir: dir, Fin: true} }

// ParseSession reads the text form of a Session. Lines are:
//
//	> "quoted\r\n"   a segment of the client, in Go's syntax of strings
//	< "quoted"       a segment of the server
//	  "quoted"       more bytes of the segment above
//	lost > 100       bytes of the client that were not captured
//	fin <            the server's direction ends in order
//	udp              the turns are datagrams
//	midstream        no handshake was captured
//	port 80          port of the server
//	repeat           Allocs and Bench repeat the turns that follow
//	# remark
func ParseSession(text string) (Session, error) {
	var s Session
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := s.line(line); err != nil {
			return s, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return s, nil
}

func (s *Session) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case word == "udp":
		s.UDP = true
	case word == "midstream":
		s.Midstream = true
	case word == "repeat":
		s.Repeat = len(s.Turns)
	case word == "port":
		n, err := strconv.ParseUint(rest, 10, 16)
		s.Port = uint16(n)
		return err
	case word == ">" || word == "<":
		b, err := strconv.Unquote(rest)
		s.Turns = append(s.Turns, Turn{Dir: dirOf(word), Bytes: []byte(b)})
		return err
	case word == "fin" && (rest == ">" || rest == "<"):
		s.Turns = append(s.Turns, Fin(dirOf(rest)))
	case word == "lost":
		way, count, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseInt(count, 10, 64)
		s.Turns = append(s.Turns, Lost(dirOf(way), n))
		return err
	case line[0] == '"' || line[0] == '`':
		b, err := strconv.Unquote(line)
		if len(s.Turns) == 0 {
			return fmt.Errorf("bytes before the first segment")
		}
		last := &s.Turns[len(s.Turns)-1]
		last.Bytes = append(last.Bytes, b...)
		return err
	default:
		return fmt.Errorf("%q is no line of a session", line)
	}
	return nil
}

func dirOf(mark string) l7.Dir {
	if mark == "<" {
		return l7.ToClient
	}
	return l7.ToServer
}

// size is the number of bytes in a Session.
func (s Session) size() (n int) {
	for _, t := range s.Turns {
		n += len(t.Bytes)
	}
	return n
}

// fits reports whether a protocol runs over the Session's transport.
func (s Session) fits(p l7.Proto) bool {
	if s.UDP {
		return p.Transport&(l7.UDP|l7.ICMP) != 0
	}
	return p.Transport&l7.TCP != 0
}

// with returns a copy with other turns.
func (s Session) with(turns []Turn) Session {
	s.Turns = turns
	return s
}

// split cuts one segment in two.
func (s Session) split(turn, at int) Session {
	t := s.Turns[turn]
	turns := append([]Turn{}, s.Turns[:turn]...)
	turns = append(turns, Turn{Dir: t.Dir, Bytes: t.Bytes[:at]}, Turn{Dir: t.Dir, Bytes: t.Bytes[at:]})
	return s.with(append(turns, s.Turns[turn+1:]...))
}

// joined makes one segment of neighbours of one direction.
func (s Session) joined() Session {
	var turns []Turn
	for _, t := range s.Turns {
		if n := len(turns); n > 0 && turns[n-1].Dir == t.Dir && len(turns[n-1].Bytes) > 0 && len(t.Bytes) > 0 {
			turns[n-1].Bytes = bytes.Join([][]byte{turns[n-1].Bytes, t.Bytes}, nil)
			continue
		}
		turns = append(turns, t)
	}
	return s.with(turns)
}
