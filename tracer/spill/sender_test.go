package spill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
)

var (
	errAway   = &sink.RetryError{Err: errors.New("away")}
	errDenied = &sink.DeniedError{Err: errors.New("token")}
)

// far is a server whose answers a test decides.
type far struct {
	mu     sync.Mutex
	got    []string
	answer func(n int, text string) error // nil: accepted
	hang   chan struct{}                  // requests wait for it; nil: they do not
	asked  int
	closed bool
}

func (f *far) Send(ctx context.Context, p *sink.Parcel) error {
	f.mu.Lock()
	hang := f.hang
	f.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return &sink.RetryError{Err: ctx.Err()}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.answer != nil {
		if err := f.answer(f.asked, string(p.Bytes)); err != nil {
			return err
		}
	}
	f.got = append(f.got, string(p.Bytes))
	return nil
}

func (f *far) Close() error { f.closed = true; return nil }

func (f *far) set(answer func(n int, text string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *far) list() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

func away(int, string) error { return errAway }

func newSender(t *testing.T, f *far, c Config) *Sender {
	t.Helper()
	s, err := NewSender(f, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s *Sender, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.Send(t.Context(), &sink.Parcel{Bytes: []byte(strconv.Itoa(i)), Spans: 2}); err != nil {
			t.Fatalf("parcel %d: %v", i, err)
		}
	}
}

func want(from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, strconv.Itoa(i))
	}
	return list
}

func check(t *testing.T, f *far, want []string) {
	t.Helper()
	if got := f.list(); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestPassesThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{}
		s := newSender(t, f, testConfig(t))
		send(t, s, 0, 10)
		check(t, f, want(0, 10))
		if st := s.Stats(); st.Buffered != 0 || st.Bytes != 0 {
			t.Errorf("%+v", st)
		}
		if err := s.Close(); err != nil || !f.closed {
			t.Error(err, f.closed)
		}
	})
}

// TestAwayAndBack: what came while the far side was away arrives in order once it
// is back, and then nothing goes to disk any more.
func TestAwayAndBack(t *testing.T) {
	for name, err := range map[string]error{"away": errAway, "denied": errDenied} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &far{}
				s := newSender(t, f, testConfig(t))
				defer s.Close()
				send(t, s, 0, 3)
				f.set(func(int, string) error { return err })
				send(t, s, 3, 50)
				time.Sleep(10 * time.Minute)
				if st := s.Stats(); st.Records != 47 || st.Spans != 94 || st.Buffered != 94 || !errors.Is(st.LastError, err) {
					t.Errorf("away: %+v", st)
				}
				f.mu.Lock()
				if f.asked > 200 {
					t.Errorf("%d attempts in ten minutes", f.asked)
				}
				f.mu.Unlock()
				f.set(nil)
				time.Sleep(time.Minute)
				send(t, s, 50, 55)
				check(t, f, want(0, 55))
				if st := s.Stats(); st.Records != 0 || st.Delivered != 94 || st.Buffered != 94 || st.LastError != nil {
					t.Errorf("back: %+v", st)
				}
			})
		})
	}
}

// TestHangs: a far side that does not answer holds up nobody, and what it takes
// after all is not sent twice.
func TestHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{hang: make(chan struct{})}
		s := newSender(t, f, testConfig(t))
		defer s.Close()
		began := time.Now()
		p := sink.Parcel{Bytes: []byte("0"), Spans: 2}
		if err := s.Send(t.Context(), &p); err != nil || !p.Lent {
			t.Errorf("%v, lent %v: the attempt still reads the bytes", err, p.Lent)
		}
		send(t, s, 1, 20)
		if d := time.Since(began); d != s.cfg.Patience {
			t.Errorf("writers waited %v", d)
		}
		if st := s.Stats(); st.Records != 20 {
			t.Errorf("%+v", st)
		}
		close(f.hang)
		time.Sleep(time.Second)
		check(t, f, want(0, 20))
	})
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testConfig(t)
		f := &far{answer: away}
		s := newSender(t, f, c)
		send(t, s, 0, 30)
		s.Drain(t.Context())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		f = &far{answer: func(n int, _ string) error {
			if n > 10 {
				return errAway
			}
			return nil
		}}
		s = newSender(t, f, c)
		send(t, s, 30, 35)
		time.Sleep(time.Second)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		check(t, f, want(0, 10))
		f = &far{}
		s = newSender(t, f, c)
		s.Drain(t.Context())
		check(t, f, want(10, 35))
		if st := s.Stats(); st.Records != 0 {
			t.Errorf("%+v", st)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRefused: what the far side will never take does not stop the others.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{answer: away}
		s := newSender(t, f, testConfig(t))
		defer s.Close()
		send(t, s, 0, 5)
		f.set(func(_ int, text string) error {
			switch text {
			case "1":
				return errors.New("malformed")
			case "3":
				return &sink.PartialError{Rejected: 1, Err: errors.New("one")}
			}
			return nil
		})
		time.Sleep(time.Minute)
		check(t, f, []string{"0", "2", "4"})
		if st := s.Stats(); st.Rejected != 3 || st.Delivered != 7 || st.Records != 0 {
			t.Errorf("%+v", st)
		}
		if err := s.Send(t.Context(), &sink.Parcel{Bytes: []byte("1"), Spans: 2}); err == nil {
			t.Error("a refusal is not told")
		}
	})
}

func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testConfig(t)
		c.Bytes = MinBytes
		f := &far{answer: away}
		s := newSender(t, f, c)
		defer s.Close()
		big := func(i int) *sink.Parcel {
			return &sink.Parcel{Bytes: fmt.Appendf(nil, "%0*d", 100<<10, i), Spans: 1}
		}
		refused := 0
		for i := range 20 {
			if err := s.Send(t.Context(), big(i)); errors.Is(err, ErrFull) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if st := s.Stats(); refused != 10 || st.Refused != 10 || st.Records != 10 {
			t.Errorf("%d refused: %+v", refused, st)
		}
	})
}

// TestBlock: a reader of files waits for room, as long as the far side is not away
// for good.
func TestBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testConfig(t)
		c.Bytes, c.Block, c.Final = MinBytes, true, 30*time.Second
		f := &far{answer: func(int, string) error {
			time.Sleep(500 * time.Millisecond)
			return nil
		}}
		f.hang = make(chan struct{})
		s := newSender(t, f, c)
		defer s.Close()
		time.AfterFunc(5*time.Second, func() { close(f.hang) })
		for i := range 30 {
			if err := s.Send(t.Context(), &sink.Parcel{Bytes: bytes.Repeat([]byte{byte(i)}, 100<<10), Spans: 1}); err != nil {
				t.Fatalf("parcel %d: %v", i, err)
			}
		}
		s.Drain(t.Context())
		if n := len(f.list()); n != 30 {
			t.Errorf("%d arrived", n)
		}
		f.set(away)
		began := time.Now()
		var err error
		for range 30 {
			err = errors.Join(err, s.Send(t.Context(), &sink.Parcel{Bytes: make([]byte, 100<<10), Spans: 1}))
		}
		if d := time.Since(began); !errors.Is(err, ErrFull) || d < c.Final || d > 3*c.Final {
			t.Errorf("away: %v after %v", err, d)
		}
	})
}

// TestDrain: at the end, a far side that is away is not waited for longer than
// Final, nor longer than ctx if it hangs.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{answer: away}
		s := newSender(t, f, testConfig(t))
		send(t, s, 0, 5)
		began := time.Now()
		s.Drain(t.Context())
		if d := time.Since(began); d > 2*s.cfg.Final {
			t.Errorf("waited %v", d)
		}
		f.mu.Lock()
		f.hang = make(chan struct{})
		f.mu.Unlock()
		f.set(nil)
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		s.mu.Lock()
		s.away = time.Time{}
		s.mu.Unlock()
		began = time.Now()
		s.Drain(ctx)
		if d := time.Since(began); d > 7*time.Second {
			t.Errorf("waited %v", d)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
