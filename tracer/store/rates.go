package store

import (
	"math/bits"

	"github.com/wirespan/wirespan/tracer/span"
)

// NumBuckets is the number of buckets of durations: bucket i holds those below
// 2^i * 16 us, the last one all the others (16 us to 550 s).
const NumBuckets = 26

// BucketBase is the upper bound of the first bucket in ns.
const BucketBase = 16_000

// Bucket is the bucket of a duration in ns.
func Bucket(d int64) int {
	if d < BucketBase {
		return 0
	}
	return min(bits.Len64(uint64(d)/BucketBase), NumBuckets-1)
}

// BucketBound is the upper bound of a bucket in ns; the last has none.
func BucketBound(i int) int64 { return BucketBase << i }

// Quantile estimates a quantile (0 to 1) of the durations in ns, by the
// logarithmic middle of where it falls in its bucket.
func (r *Rate) Quantile(q float64) int64 {
	var all uint64
	for _, n := range r.Buckets {
		all += uint64(n)
	}
	if all == 0 {
		return 0
	}
	want := q * float64(all)
	for i, n := range r.Buckets {
		if f := float64(n); f >= want && n > 0 {
			hi := float64(BucketBound(i))
			lo := hi / 2
			if i == 0 {
				lo = 0
			}
			return int64(lo + (hi-lo)*want/f)
		}
		want -= float64(n)
	}
	return BucketBound(NumBuckets - 1)
}

// Counted reports whether a span counts in rates: what a service did for others, or
// asked of a database or a queue. A synthetic span, a sighting farther from the
// server, and what an instrumented service tells of itself by packets do not.
func Counted(s *Span) bool {
	if s.Kind == span.Internal || s.Signal == SYS {
		return false
	}
	if v, ok := s.Attr("wirespan.synthetic"); ok && v.Num != 0 {
		return false
	}
	if s.Signal == NET {
		return s.Text("wirespan.link.rule") != "sighting"
	}
	return s.Kind == span.Server || s.Kind == span.Consumer
}
