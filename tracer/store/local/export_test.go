package local

import (
	"context"
	"time"
)

// Keep indexes and drops as if it were another time.
func (s *Store) Keep(ctx context.Context, now time.Time) error { return s.keepUp(ctx, now) }
