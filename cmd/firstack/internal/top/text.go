package top

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// style is an SGR parameter (ECMA-48); "" is plain.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// line is text that is put together from cells and never longer than width.
type line struct {
	text   strings.Builder
	width  int // columns
	used   int
	colour bool
}

// put adds text as it is, cut at the line's end. Control characters, which errors of others may carry, are replaced.
func (l *line) put(s style, text string) {
	text = clip(text, l.width-l.used)
	l.used += columns(text)
	if l.colour && s != plain && text != "" {
		text = "\x1b[" + string(s) + "m" + text + "\x1b[0m"
	}
	l.text.WriteString(text)
}

// cell adds text in width columns and a space; negative widths are flush right.
func (l *line) cell(s style, width int, text string) {
	right := width < 0
	width = max(width, -width)
	text = clip(text, width)
	pad := strings.Repeat(" ", width-columns(text))
	if right {
		text = pad + text
		pad = ""
	}
	l.put(s, text)
	l.put(plain, pad+" ")
}

func (l *line) String() string { return strings.TrimRight(l.text.String(), " ") }

func columns(text string) int { return len([]rune(text)) }

// clip makes text one line of at most width columns; what is cut off shows as an ellipsis.
func clip(text string, width int) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text))
	switch {
	case width <= 0:
		return ""
	case len(runes) > width:
		return string(runes[:width-1]) + "…"
	}
	return string(runes)
}

// bar shows a part of 1 in width columns, in eighths.
func bar(part float64, width int) string {
	eighths := int(part*float64(width)*8 + 0.5)
	eighths = max(0, min(eighths, width*8))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return text
}

// count writes a number in at most five columns.
func count(n float64) string {
	switch {
	case n < 0: // counters began anew
		return "-"
	case n < 99_999.5:
		return fmt.Sprintf("%.0f", n)
	case n < 9_999_500:
		return fmt.Sprintf("%.0fk", n/1e3)
	case n < 9_999_500_000:
		return fmt.Sprintf("%.0fM", n/1e6)
	}
	return fmt.Sprintf("%.0fG", n/1e9)
}

// rate writes how often something happened a second.
func rate(n float64) string {
	if n >= 0 && n < 99.95 {
		return fmt.Sprintf("%.1f", n)
	}
	return count(n)
}

func percent(part float64) string { return fmt.Sprintf("%.0f%%", 100*part) }

func milliseconds(ms float64) string {
	switch {
	case ms <= 0:
		return "-"
	case ms < 999.95:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1e3)
}

func age(since, now time.Time) string {
	if since.IsZero() {
		return "-"
	}
	switch d := now.Sub(since).Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", max(d.Seconds(), 0))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}
