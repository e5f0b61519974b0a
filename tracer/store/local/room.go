package local

import (
	"context"
	"fmt"
	"time"
)

// lookEvery is the time between two looks at the room that is left.
const lookEvery = 250 * time.Millisecond

// watch stops writing while the file system has less room than the reserve, which is
// what sealing, compaction and dropping need to go on.
func (s *Store) watch(ctx context.Context) {
	defer s.done.Done()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s.look()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Store) look() {
	u, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return // of file systems that do not say it, the writes do
	}
	free := min(u.AvailBytes, 1<<62)
	switch why := s.full.Load(); {
	case why == nil && int64(free) < s.cfg.Reserve:
		s.setFull(fmt.Sprintf("%d MiB left on the disk, less than the reserve of %d MiB", free>>20, s.cfg.Reserve>>20))
	case why != nil && int64(free) >= max(s.cfg.Reserve+s.cfg.Reserve/4, 2*s.memTable()) && !s.fs.stuck():
		s.full.Store(nil)
		s.log.Info("store writes again", "free", free)
	}
}

// setFull stops writing.
func (s *Store) setFull(why string) {
	if s.full.CompareAndSwap(nil, &why) {
		s.log.Error("store takes no spans until there is room", "reason", why)
	}
	s.room.Broadcast()
}
