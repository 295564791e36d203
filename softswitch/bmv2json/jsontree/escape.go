package jsontree

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escapes maps the character after a backslash to what it stands for.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape returns the characters of a string that was found to be well formed.
func unescape(text string) string {
	b := make([]byte, 0, len(text))
	for {
		before, after, found := strings.Cut(text, `\`)
		b = append(b, before...)
		switch {
		case !found:
			return string(b)
		case after[0] == 'u':
			r, size := character(`\` + after)
			b = utf8.AppendRune(b, r)
			text = after[size-1:]
		default:
			b = append(b, escapes[after[0]])
			text = after[1:]
		}
	}
}

// character reads \uXXXX, or two of them that are one character, and returns its length. Half a pair by itself
// becomes U+FFFD.
func character(text string) (rune, int) {
	const size = 6
	r, _ := unit(text)
	if !utf16.IsSurrogate(r) {
		return r, size
	}
	if second, ok := unit(text[size:]); ok {
		if whole := utf16.DecodeRune(r, second); whole != utf8.RuneError {
			return whole, 2 * size
		}
	}
	return utf8.RuneError, size
}

// unit reads \uXXXX.
func unit(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}
