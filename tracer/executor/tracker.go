package executor

import (
	"github.com/wirespan/wirespan/bpf/sys"
)

// Tracker follows messages and executors.
type Tracker struct {
	cfg   Config
	sink  Sink
	conns map[uint64]*conn
	execs map[Thread]*exec
	procs map[uint32]*process
	quiet []*conn // with a message that was added to since it was told
	last  uint64  // ID of a message
	now   int64   // time of the latest event
	// Until when nothing is said: events were lost, so that requests may be
	// open of which nothing is known.
	doubted int64
	stats   Stats
	memory  memory

	oldConns fifo[*conn] // in order of appearance
	oldExecs fifo[*exec]
	closed   fifo[*conn] // kept, see close
	lingers  int         // that are there of those
}

// conn is a connection as one process sees it.
type conn struct {
	cookie   uint64
	gone     bool
	closed   bool
	msg      Message // under way; ID 0: none
	told     bool    // the sink knows all of msg
	queued   bool    // in Tracker.quiet
	role     Role
	netns    uint32
	requests uint64   // that went this way or that
	asked    *request // serving: what was read last
	call     *call    // calling: what was sent last
	opener   *exec    // who called connect
	openedAt int64    // when
	opened   *request // whom it served then
	unsure   bool     // it served somebody then, and who is not known
	waits    *request // opened, until the connection is used
	blind    blindness

	// Of the call that was sent last.
	by     Thread   // without the thread of a goroutine
	whose  *request // nil unknown
	shared bool     // others were on their way at the same time
	place  placing  // in the turn in which it was opened
	step   step     // by what was read before it was opened

	mark uint64 // see pool.go, as those below
}

// request is a request that a process read.
type request struct {
	id        uint64
	tgid      uint32
	owner     *exec // who read its last part
	end       int64 // when that was
	responded bool
	over      bool // the connection went on, or ended
	ready     bool // it has what it waited for, and has not gone on yet

	out           int // what is done for it: calls, and connections that are opened
	listed        bool
	idleAt        int64
	before, after *request // in its owner's list

	mark uint64
}

// call is a request that a process sent.
type call struct {
	id       uint64
	begin    int64
	of       *request // for whom, nil unknown
	answered bool
	awaited  bool // by of
	blind    blindness
	class    Class
	said     bool // the sink knows of
	place    placing
	step     step
	on       *conn // opened for it, and placed instead; nil none
	by       *exec // goroutine that got its response, nil unknown

	// Of a goroutine's call.
	from  *exec    // that sent it
	waker *exec    // who woke that one for what may be this call, and worked for guess
	guess *request // for whom it is if that was so, or if work was passed on

	mark uint64
}

// exec is an executor.
type exec struct {
	thread  Thread
	process *process
	gone    bool
	serves  []*request // read by it, not answered yet
	idle    idles      // of those, the ones for which nothing is known to be done
	blind   int        // what it waits for, for unknown requests
	reads   bool       // it has read a request
	loop    bool       // it has served several at once

	slice     *request // for whom it works
	at        int64    // when it read what says so
	sliceConn *conn    // from where, if that was a call's response
	last      *call    // that call, if it is not known whose it was
	woken     *request // for whom its waker worked

	parent uint64   // goroutine that began it, 0 unknown
	gave   *request // for whom the goroutine worked that it woke last
	gaveAt int64

	courier bool    // the response that it read last is of a call that another goroutine made
	carries *call   // that call, until it has handed the response over
	results []*call // whose responses it got, since it handed back a result
	writes  bool    // the result of the call that it sent last went to another
	passed  bool    // it may have passed on its work
	waker   *exec   // see call
	guess   *request

	turn   turn
	stride stride
	loose  []*call // unlabelled calls since its last answer

	mark uint64
}

// process is what is known of a process.
type process struct {
	requests map[*request]struct{} // that are not answered
	execs    []*exec               // some of which may have gone
	wakes    bool                  // it is told which goroutine wakes which
	reuses   bool                  // a connection had several calls
	single   int                   // connections that had one
	readers  int                   // threads that read requests
	wanders  int
	home     int      // requests answered where they were read, see watch
	unsaid   []unsaid // until it is decided
	ready    int      // requests that are
	unclear  int64    // until when others may be, too
	alone    trial    // whether nothing else goes on in a turn
	order    trial    // whether turns keep the order
	returns  trial    // whether a result goes to whom its calls were for
	resumes  trial    // whether threads go on with what they read
	passes   trial    // whether goroutines that have called hand on work
	held     []held
}

// maxLoose bounds the calls of one executor that wait for its answer, maxServes
// the requests that it is seen to serve at once.
const (
	maxLoose  = 256
	maxServes = 4096
)

// New returns a Tracker.
func New(cfg Config, sink Sink) (*Tracker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Tracker{
		cfg: cfg, sink: sink,
		conns: make(map[uint64]*conn), execs: make(map[Thread]*exec), procs: make(map[uint32]*process),
	}, nil
}

// Stats returns the counters.
func (t *Tracker) Stats() Stats { return t.stats }

// Event takes an event.
func (t *Tracker) Event(e *sys.Event) {
	t.stats.Events++
	if t.memory.taken >= t.memory.due {
		t.collect()
	}
	if e.Type != sys.Lost {
		t.now = max(t.now, e.Time)
	}
	switch e.Type {
	case sys.IO:
		if e.Flags&sys.Peek == 0 && e.Length > 0 {
			t.moved(e)
		}
	case sys.State:
		t.changed(e)
	case sys.GoroutineWake:
		t.goroutineWoke(Thread{TGID: e.TGID, Goroutine: e.Goroutine}, Thread{TGID: e.TGID, Goroutine: e.Parent})
	case sys.ThreadWake:
		t.threadWoke(Thread{TGID: e.TGID, TID: uint32(e.Goroutine)}, Thread{TGID: e.TGID, TID: uint32(e.Parent)})
	case sys.Exec, sys.Exit:
		t.exit(e.TGID)
	case sys.Lost:
		t.stats.Losses++
		t.doubted = max(t.doubted, e.Time+int64(t.cfg.Patience))
	}
}

// connOf finds the connection of an event.
func (t *Tracker) connOf(cookie uint64) *conn {
	c := t.conns[cookie]
	if c == nil {
		if len(t.conns) >= t.cfg.MaxConns {
			old := t.oldConns.oldest(func(c *conn) bool { return c.gone })
			if !old.closed {
				t.stats.Evicted++
			}
			t.forget(old)
		}
		c = &conn{cookie: cookie, told: true}
		t.conns[cookie] = c
		t.oldConns.push(c)
	}
	return c
}

// execOf finds an executor.
func (t *Tracker) execOf(th Thread) *exec {
	if th.Goroutine != 0 {
		th.TID = 0 // it moves between threads
	}
	x := t.execs[th]
	if x == nil {
		if len(t.execs) >= t.cfg.MaxExecs {
			t.drop(t.oldExecs.oldest(func(x *exec) bool { return x.gone }))
			t.stats.Forgotten++
		}
		p := t.processOf(th.TGID)
		x = &exec{thread: th, process: p}
		t.execs[th] = x
		t.oldExecs.push(x)
		p.execs = append(p.execs, x)
	}
	return x
}

// moved takes bytes that an executor moved.
func (t *Tracker) moved(e *sys.Event) {
	c := t.connOf(e.Cookie)
	if c.closed && (c.msg.Local.Port != e.LocalPort || c.msg.Remote.Port != e.RemotePort) {
		t.forget(c) // the cookie is another one's now
		c = t.connOf(e.Cookie)
	}
	th := Thread{TGID: e.TGID, TID: e.TID, Goroutine: e.Goroutine}
	x := t.execOf(th)
	x.parent = e.Parent
	begins := c.msg.ID == 0 || c.msg.Direction != e.Direction || e.Flags&sys.First != 0 // what lay between was lost
	also := !begins && t.others(c, x, e)
	if begins || also {
		t.tellLast(c)
		t.begin(c, e, th)
	}
	m := &c.msg
	if !m.cover(e) {
		t.stats.Disordered++
	}
	m.Calls += 1 + uint32(e.Skipped)
	m.End, m.Last = max(m.End, e.Time), th
	c.told = false
	if begins || also {
		t.tell(c)
	} else if !c.queued {
		c.queued = true
		t.quiet = append(t.quiet, c)
	}
	if also {
		t.callsToo(c, x)
	} else {
		t.conclude(c, x, begins)
	}
}

// conclude says what an executor that moved bytes of a message works for.
func (t *Tracker) conclude(c *conn, x *exec, begins bool) {
	switch m := &c.msg; {
	case c.closed && m.Request(): // left over, and thrown away: it asks for nothing
	case m.Role == Serving && m.Direction == sys.Received:
		t.asked(c, x, begins)
	case m.Role == Serving:
		t.answers(c, x, begins)
	case m.Direction == sys.Received:
		t.answered(c, x)
	case begins:
		t.calls(c, x)
	}
}

// begin starts a message.
func (t *Tracker) begin(c *conn, e *sys.Event, th Thread) {
	local, remote := Endpoint{e.Local, e.LocalPort}, Endpoint{e.Remote, e.RemotePort}
	if c.role == Unknown {
		c.role = t.guess(local, remote)
	}
	t.last++
	t.stats.Messages++
	c.msg = Message{
		ID: t.last, Cookie: e.Cookie, Netns: c.netns, Local: local, Remote: remote, Role: c.role, Direction: e.Direction,
		Begin: e.Time, First: th,
	}
}

// guess says which end of a connection that is older than we are serves: the
// one that somebody listens at, else the one with the lower port.
func (t *Tracker) guess(local, remote Endpoint) Role {
	if t.cfg.Listens != nil {
		switch {
		case t.cfg.Listens(local):
			return Serving
		case t.cfg.Listens(remote):
			return Calling
		}
	}
	if local.Port < remote.Port {
		return Serving
	}
	return Calling
}

// tell hands the message under way to the sink, if that does not know all of it.
func (t *Tracker) tell(c *conn) {
	if c.told || c.msg.ID == 0 {
		return
	}
	c.told = true
	t.sink.Message(&c.msg)
}

// tellLast tells of the message under way for the last time.
func (t *Tracker) tellLast(c *conn) {
	t.tell(c)
	if c.msg.ID != 0 && c.msg.unplaced() {
		t.stats.Unplaced++
	}
}

// Tick tells of messages to which nothing was added for Config.Settle.
func (t *Tracker) Tick(now int64) {
	kept := t.quiet[:0]
	for _, c := range t.quiet {
		if c.told || c.msg.End+int64(t.cfg.Settle) <= now {
			t.tell(c)
			c.queued = false
		} else {
			kept = append(kept, c)
		}
	}
	clear(t.quiet[len(kept):])
	t.quiet = kept
	t.oldConns.tidy(len(t.conns), func(c *conn) bool { return c.gone })
	t.closed.tidy(t.lingers, func(c *conn) bool { return c.gone })
	t.oldExecs.tidy(len(t.execs), func(x *exec) bool { return x.gone })
}

// Flush tells of everything.
func (t *Tracker) Flush() {
	for _, c := range t.oldConns.list {
		if !c.gone {
			t.tellLast(c)
			c.msg.ID = 0
		}
	}
}
