package main

import (
	"bytes"
	"fmt"
)

// picture draws the packets per second as bars.
func (b *bench) picture() []byte {
	const width, bar, left = 640, 34, 170
	most := 1.0
	for _, m := range b.results {
		most = max(most, median(m.rates))
	}
	var s bytes.Buffer
	height := bar*len(b.results) + 40
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="14">`+"\n", width, height)
	fmt.Fprintf(&s, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&s, `<text x="10" y="20">packets/s with less than 0.1 %% lost, client gateway, 64-byte frames</text>`+"\n")
	for i, m := range b.results {
		y, length := 32+bar*i, median(m.rates)/most*(width-left-90)
		colour := "#9aa5b1"
		if m.p4 {
			colour = "#2b6cb0"
		}
		fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-8, y+19, m.name)
		fmt.Fprintf(&s, `<rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/>`+"\n", left, y+4, length, bar-10, colour)
		fmt.Fprintf(&s, `<text x="%.0f" y="%d">%s</text>`+"\n", left+length+6, y+19, count(median(m.rates)))
	}
	s.WriteString("</svg>\n")
	return s.Bytes()
}
