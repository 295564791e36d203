package slowpath

import "time"

// limiter is a token bucket (RFC 1812 section 4.3.2.8).
type limiter struct {
	rate, burst float64 // a second; at most
	tokens      float64
	last        time.Duration
}

func newLimiter(rate, burst float64) limiter { return limiter{rate: rate, burst: burst, tokens: burst} }

func (l *limiter) allow(now time.Duration) bool {
	l.tokens = min(l.burst, l.tokens+(now-l.last).Seconds()*l.rate)
	l.last = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}
