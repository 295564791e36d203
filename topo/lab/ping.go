package lab

import (
	"strconv"
	"strings"
	"time"
)

// leastTime finds the shortest time=… in what ping prints, in ms there.
func leastTime(text string) (least time.Duration, found bool) {
	for _, part := range strings.Split(text, "time=")[1:] {
		number, _, _ := strings.Cut(part, " ")
		ms, err := strconv.ParseFloat(number, 64)
		if err != nil || ms < 0 {
			continue
		}
		if d := time.Duration(ms * float64(time.Millisecond)); !found || d < least {
			least, found = d, true
		}
	}
	return least, found
}
