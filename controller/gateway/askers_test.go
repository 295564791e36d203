package gateway_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// Askers that give up while their question waits, or is being answered, get no answer afterwards: the race detector
// would see it.
func TestAskersThatGiveUp(t *testing.T) {
	b := newBench(t, nil)
	var wg sync.WaitGroup
	for asker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(asker*i)*100*time.Nanosecond)
				s, err := b.gateway.Standing(ctx)
				cancel()
				if err != nil && (!errors.Is(err, context.DeadlineExceeded) || s.Settled || s.Problems != nil) {
					t.Errorf("%+v, %v", s, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := b.gateway.Standing(t.Context()); err != nil {
		t.Error(err)
	}
}
