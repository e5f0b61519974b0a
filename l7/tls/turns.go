package tls

import "github.com/wirespan/wirespan/l7"

// whose turn of the conversation it is.
type whose uint8

const (
	nobodys whose = iota
	clients
	servers
	unknown // the capture began here: nobody's until the client speaks
)

// Sizes of enciphered records, RFC 8446, section 5.2: plaintext, type, tag.
const (
	overhead13     = 17
	alert13        = overhead13 + 2
	endOfEarly13   = overhead13 + 4
	finished256    = overhead13 + 4 + 32 // Finished with SHA-256
	finished384    = overhead13 + 4 + 48
	maxTicket      = 1024 // of NewSessionTicket, which a server sends unasked
	maxFlight      = 4    // records of a client's flight: certificate, proof, Finished
	maxH2Settings  = 128  // first record of an HTTP/2 server
	overheadGCM    = 24   // RFC 5288: explicit nonce and tag
	overheadChaCha = 16   // RFC 7905
)

// data passes over enciphered data and finds the turns of the conversation.
func (p *parser) data(dir l7.Dir, r record, out *l7.Emitter) (l7.Step, error) {
	switch {
	case p.stage == fresh && !p.started:
		p.whose, p.stage = unknown, over // the capture began here
	case p.stage == greeted && !(p.early && dir == l7.ToServer && p.version == 0):
		p.stage = over // the ServerHello was lost
	case p.stage == answered && p.version == tls13:
		return p.flight13(dir, r, out), nil
	case p.stage == answered:
		p.stage = over // a Finished was lost
	}
	if p.half[l7.ToClient].open == hello {
		p.endOpen(l7.ToClient, out)
		return l7.Step{}, nil
	}
	if p.control(dir, r) {
		return body(r), nil
	}
	if dir == l7.ToServer {
		return p.asks(r, out), nil
	}
	return p.tells(r, out), nil
}

// flight13 passes over the enciphered part of a handshake of TLS 1.3, which
// ends with the client's Finished: the only message whose size is known.
func (p *parser) flight13(dir l7.Dir, r record, out *l7.Emitter) l7.Step {
	c := &p.half[l7.ToServer]
	if dir == l7.ToClient {
		if p.flight == 0 {
			return body(r)
		}
	} else {
		p.flight++
		if r.size != finished256 && r.size != finished384 && p.flight < maxFlight {
			return body(r)
		}
	}
	c.finished, p.half[l7.ToClient].finished = true, true
	p.endOpen(l7.ToClient, out)
	p.complete(out)
	if dir == l7.ToClient {
		return l7.Step{} // the client's Finished came with its certificate: the server speaks now
	}
	return body(r)
}

// control reports records that belong to no turn: alerts and tickets of TLS
// 1.3, and frames by which HTTP/2 manages a connection, told by their sizes.
func (p *parser) control(dir l7.Dir, r record) bool {
	if p.version == tls13 {
		if r.size == alert13 || dir == l7.ToClient && !p.started && r.size <= maxTicket {
			return true
		}
	} else if p.version == 0 && p.start > 0 && (r.size == alert13 || dir == l7.ToClient && !p.started) {
		return true // of the handshake, whose beginning was lost
	}
	if c := &p.half[l7.ToServer]; dir == l7.ToServer && !c.finished && p.start > 0 && (p.version == tls13 || p.version == 0) {
		// The server's part of the handshake was lost.
		switch r.size {
		case finished256, finished384:
			c.finished = true
			return true
		case endOfEarly13:
			return true
		}
	}
	if !p.h2 {
		return false
	}
	if dir == l7.ToClient && p.half[dir].bytes == 0 && r.size <= maxH2Settings {
		p.half[dir].bytes = int64(r.size)
		return true
	}
	switch r.size - p.overhead() {
	case 9, 13, 17, 26: // SETTINGS ack, WINDOW_UPDATE, PING, two WINDOW_UPDATEs (RFC 9113, section 6)
		return true
	}
	return false
}

// overhead is what a record of an AEAD suite has beside its plaintext.
func (p *parser) overhead() int {
	switch {
	case p.version == tls13:
		return overhead13
	case p.suite>>8 == 0xcc:
		return overheadChaCha
	}
	return overheadGCM
}

// asks counts a record of the client, which begins a turn when the server had
// spoken.
func (p *parser) asks(r record, out *l7.Emitter) l7.Step {
	c, s := &p.half[l7.ToServer], &p.half[l7.ToClient]
	switch {
	case p.whose == clients:
		c.bytes += int64(r.size)
		return body(r)
	case s.open != nothing:
		p.endOpen(l7.ToClient, out)
		return l7.Step{}
	case c.open != nothing:
		p.endOpen(l7.ToServer, out)
		return l7.Step{}
	}
	p.whose, p.started = clients, true
	c.open, c.bytes = turn, int64(r.size)
	p.speak(l7.Request, out)
	out.Emit(l7.ToServer)
	return body(r)
}

// tells counts a record of the server.
func (p *parser) tells(r record, out *l7.Emitter) l7.Step {
	c, s := &p.half[l7.ToServer], &p.half[l7.ToClient]
	switch {
	case p.whose == servers:
		s.bytes += int64(r.size)
		return body(r)
	case c.open != nothing:
		p.endOpen(l7.ToServer, out)
		return l7.Step{}
	case s.open != nothing: // what the client said in between was lost
		p.endOpen(l7.ToClient, out)
		return l7.Step{}
	case p.whose == unknown:
		return body(r) // of an answer that began before the capture
	}
	kind := l7.Response
	if p.whose == nobodys {
		kind = l7.Pushed
	}
	p.whose = servers
	s.open, s.bytes = turn, int64(r.size)
	p.speak(kind, out)
	out.Emit(l7.ToClient)
	return body(r)
}

// speak begins the message of a turn.
func (p *parser) speak(k l7.Kind, out *l7.Emitter) *l7.Message {
	m := out.Begin(k)
	m.More, m.Op = true, opTurn
	m.Bool(keyOpaque, true)
	if k == l7.Response {
		return m
	}
	m.Resource, m.Host = p.name, p.name
	if len(p.name) > 0 {
		m.Str(keyServerName, p.name)
	}
	if len(p.next) > 0 {
		m.Str(keyNextProtocol, p.next)
	}
	return m
}

var opTurn = []byte("TLS")

// endTurn ends the message of a turn.
func (p *parser) endTurn(dir l7.Dir, out *l7.Emitter) {
	m := out.Begin(l7.End)
	key := keySent
	if dir == l7.ToClient {
		key = keyReceived
	}
	m.Int(key, p.half[dir].bytes)
	out.Emit(dir)
}

// missed notes that a direction lost its place: its side spoke there.
func (p *parser) missed(dir l7.Dir) {
	if dir == l7.ToServer && p.stage == answered {
		p.stage = over // what was lost may have been the last of the handshake
		return
	}
	switch {
	case p.stage != over:
	case dir == l7.ToServer:
		p.whose, p.started = clients, true
	default:
		p.whose = servers
	}
}
