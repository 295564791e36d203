package simulate

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations in buckets that are at most 1/64 of their value wide, from a microsecond to hours. Sums are
// exact, and whole numbers: adding histograms up in any order gives the same.
type histogram struct {
	count, sum int64
	buckets    [64 * 30]int64
}

const subBits = 6

func (h *histogram) add(d time.Duration) {
	h.count++
	h.sum += int64(d)
	h.buckets[bucket(d)]++
}

func bucket(d time.Duration) int {
	us := uint64(max(d, 0)) / 1000
	if us < 1<<subBits {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - subBits
	return min((shift+1)<<subBits+int(us>>shift)-1<<subBits, len(histogram{}.buckets)-1)
}

// middle of a bucket, in ms.
func middle(b int) float64 {
	if b < 1<<subBits {
		return float64(b) / 1000
	}
	shift := b>>subBits - 1
	low := uint64(b&(1<<subBits-1)|1<<subBits) << shift
	return (float64(low) + float64(uint64(1)<<shift)/2) / 1000
}

func (h *histogram) merge(o *histogram) {
	h.count += o.count
	h.sum += o.sum
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

// mean in ms; NaN of nothing.
func (h *histogram) mean() float64 { return float64(h.sum) / float64(h.count) / 1e6 }

// quantile in ms, to within 1/64; NaN of nothing.
func (h *histogram) quantile(q float64) float64 {
	rank := int64(math.Ceil(q * float64(h.count)))
	for b, n := range h.buckets {
		if rank -= n; rank <= 0 && h.count > 0 {
			return middle(b)
		}
	}
	return math.NaN()
}

// curve gives the distribution as points: value in ms, share at or below it.
func (h *histogram) curve() []Point {
	var list []Point
	var below int64
	for b, n := range h.buckets {
		if n > 0 {
			below += n
			list = append(list, Point{middle(b), float64(below) / float64(h.count)})
		}
	}
	return list
}

// Point of a curve.
type Point struct{ X, Y float64 }
