package sink

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// script is a Sender that answers as it is told, then accepts.
type script struct {
	mu      sync.Mutex
	answers []error
	always  error // after the answers
	hang    bool  // until ctx ends
	at      []time.Time
	got     [][]byte
}

func (s *script) Send(ctx context.Context, p *Parcel) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Now())
	if s.hang {
		<-ctx.Done()
		return &RetryError{Err: ctx.Err()}
	}
	err := s.always
	if len(s.answers) > 0 {
		err, s.answers = s.answers[0], s.answers[1:]
	}
	if err == nil {
		s.got = append(s.got, bytes.Clone(p.Bytes))
	}
	return err
}

var errBusy = errors.New("busy")

func small(block bool) QueueConfig {
	return QueueConfig{
		Parcels: 2, Bytes: 100, Senders: 1, Block: block,
		Retry: Retry{Initial: time.Second, Max: 4 * time.Second, Total: 30 * time.Second},
	}
}

func parcel(n, spans int) Parcel { return Parcel{Bytes: make([]byte, n), Spans: spans} }

func open(t *testing.T, s Sender, c QueueConfig) *Outbox {
	t.Helper()
	o, err := NewOutbox(s, c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRetryUntilAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []error{
			&RetryError{Err: errBusy}, &RetryError{Err: errBusy}, &RetryError{After: 20 * time.Second, Err: errBusy},
		}}
		o := open(t, s, small(false))
		if err := o.Put(t.Context(), parcel(3, 7)); err != nil {
			t.Fatal(err)
		}
		if err := o.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		st := o.Stats()
		if st.Sent != 7 || st.Retries != 3 || st.Dropped != 0 || st.Parcels != 0 || st.Bytes != 0 || !errors.Is(st.LastError, errBusy) {
			t.Errorf("stats %+v", st)
		}
		low, high := []float64{.5, 1, 20}, []float64{1, 2, 20}
		for i := range 3 {
			if d := s.at[i+1].Sub(s.at[i]).Seconds(); d < low[i] || d > high[i] {
				t.Errorf("pause %d is %v s, want %v to %v", i, d, low[i], high[i])
			}
		}
	})
}

func TestRetryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{always: &RetryError{After: time.Hour, Err: errBusy}}
		o := open(t, s, small(false))
		begin := time.Now()
		for range 2 {
			if err := o.Offer(parcel(1, 1)); err != nil {
				t.Fatal(err)
			}
		}
		err := o.Close(context.Background())
		if !errors.Is(err, errBusy) {
			t.Errorf("Close says %v", err)
		}
		if d := time.Since(begin); d > 61*time.Second {
			t.Errorf("took %v", d)
		}
		if st := o.Stats(); st.Dropped != 2 || st.Sent != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestFullLiveDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []error{&RetryError{Err: errBusy}}}
		o := open(t, s, small(false))
		var errs []error
		for range 3 {
			errs = append(errs, o.Offer(parcel(40, 5)))
		}
		if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], ErrFull) {
			t.Fatalf("offers: %v", errs)
		}
		if st := o.Stats(); st.Dropped != 5 || st.Parcels != 2 || st.Bytes != 80 {
			t.Errorf("stats %+v", st)
		}
		if err := o.Close(context.Background()); err == nil {
			t.Error("Close hides the loss")
		}
		if st := o.Stats(); st.Sent != 10 {
			t.Errorf("stats %+v", st)
		}
		if err := o.Offer(parcel(1, 1)); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestBytesBoundAndOversize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, &script{answers: []error{&RetryError{Err: errBusy}}}, small(false))
		if err := o.Offer(parcel(1000, 1)); err != nil {
			t.Errorf("oversize alone: %v", err)
		}
		if err := o.Offer(parcel(1, 1)); !errors.Is(err, ErrFull) {
			t.Errorf("beyond the bytes: %v", err)
		}
		o.Close(context.Background())
	})
}

func TestBlockWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []error{&RetryError{After: 10 * time.Second, Err: errBusy}}}
		o := open(t, s, small(true))
		begin := time.Now()
		for range 20 {
			if err := o.Put(t.Context(), parcel(40, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(begin) < 10*time.Second {
			t.Error("did not wait")
		}
		if err := o.Close(context.Background()); err != nil || o.Stats().Sent != 20 {
			t.Errorf("%v %+v", err, o.Stats())
		}
	})
}

func TestBlockGivesUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, &script{always: &RetryError{Err: errBusy}}, small(true))
		begin, gone := time.Now(), 0
		for range 1000 {
			if errors.Is(o.Put(t.Context(), parcel(40, 1)), ErrGone) {
				gone++
			}
		}
		err := o.Close(context.Background())
		if d := time.Since(begin); d < 30*time.Second || d > 40*time.Second {
			t.Errorf("took %v", d)
		}
		if !errors.Is(err, errBusy) || gone < 990 || o.Stats().Dropped != 1000 {
			t.Errorf("%v, %d gone, %+v", err, gone, o.Stats())
		}
	})
}

func TestPutObeysContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, &script{answers: []error{&RetryError{After: 20 * time.Second, Err: errBusy}}}, small(true))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		o.Put(ctx, parcel(100, 1))
		if err := o.Put(ctx, parcel(100, 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Put says %v", err)
		}
		if err := o.Close(context.Background()); err == nil || o.Stats().Dropped != 1 {
			t.Errorf("%v %+v", err, o.Stats())
		}
	})
}

func TestCloseObeysContext(t *testing.T) {
	for _, hang := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := open(t, &script{hang: hang, always: &RetryError{Err: errBusy}}, small(false))
			o.Offer(parcel(1, 1))
			o.Offer(parcel(1, 1))
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := o.Close(ctx); err == nil {
				t.Error("Close hides the loss")
			}
			if d := time.Since(begin); d != 2*time.Second {
				t.Errorf("took %v", d)
			}
			if st := o.Stats(); st.Dropped != 2 || st.Parcels != 0 || st.Bytes != 0 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []error{
			&PartialError{Rejected: 2, Err: errBusy}, errBusy, &PartialError{Rejected: 99, Err: errBusy}, &PartialError{Err: errBusy},
		}}
		o := open(t, s, small(true))
		for range 4 {
			o.Put(t.Context(), parcel(1, 10))
		}
		if err := o.Close(context.Background()); !errors.Is(err, errBusy) {
			t.Errorf("Close says %v", err)
		}
		if st := o.Stats(); st.Sent != 18 || st.Rejected != 22 || st.Retries != 0 || st.Dropped != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestBuffersComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, &script{}, small(false))
		o.Offer(Parcel{Bytes: make([]byte, 9, 77), Spans: 1})
		synctest.Wait()
		if b := o.Buffer(); cap(b) != 77 || len(b) != 0 {
			t.Errorf("got %d of %d", len(b), cap(b))
		}
		if b := o.Buffer(); b != nil {
			t.Error("buffer given twice")
		}
		o.Offer(Parcel{Bytes: make([]byte, 9), Spans: 1, Lent: true})
		synctest.Wait()
		if b := o.Buffer(); b != nil {
			t.Error("lent buffer reused")
		}
		o.Close(context.Background())
	})
}

func TestValidateQueue(t *testing.T) {
	if err := DefaultQueue().Validate(); err != nil {
		t.Error(err)
	}
	if err := OfflineQueue().Validate(); err != nil {
		t.Error(err)
	}
	_, err := NewOutbox(&script{}, QueueConfig{Retry: Retry{Initial: 1}})
	for _, want := range []string{"queue.parcels", "queue.bytes", "queue.senders", "queue.retry.total", "queue.retry.max"} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
