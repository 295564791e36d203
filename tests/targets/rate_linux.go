package main

import "time"

const (
	maxLoss   = 0.001
	trialTime = time.Second
	// precision of the search, as a ratio.
	precision = 1.03
	// maxRate is more than the generator can send.
	maxRate = 2e6
)

// findRate searches for the highest rate of which less than maxLoss is lost, in packets/s received.
func (t *traffic) findRate(start float64) (float64, error) {
	return search(start, maxRate, func(rate float64) (got, loss float64, err error) {
		r, err := t.run(rate, trialTime, false)
		return r.rate(), r.loss(), err
	})
}

// search searches for the highest rate at which less than maxLoss is lost, and gives what came through in a second.
func search(start, most float64, try func(rate float64) (got, loss float64, err error)) (best float64, err error) {
	low, high, short := 0.0, most, 0
	for rate := start; high/max(low, 1) > precision && rate >= 100; {
		got, loss, err := try(rate)
		if err != nil {
			return 0, err
		}
		if loss < maxLoss {
			best = max(best, got)
			if got < rate*0.97 {
				// The generator did not get the processor for all it was to send.
				if short++; short == 3 {
					return best, nil
				}
				continue
			}
			low = rate
		} else {
			high = rate
		}
		switch {
		case low == 0:
			rate /= 2
		case high == most:
			rate = min(rate*1.5, most)
		default:
			rate = (low + high) / 2
		}
	}
	return best, nil
}
