package vector

import (
	"fmt"
	"maps"
	"strings"
)

// maxText bounds what a text may grow to by its names.
const maxText = 1 << 16

// expand replaces $name and ${name}; $$ is a dollar sign. What a name stands for may have names in it.
func (l *loader) expand(text string) (string, error) { return l.expandIn(text, 0) }

func (l *loader) expandIn(text string, depth int) (string, error) {
	if depth > 8 {
		return "", fmt.Errorf("names stand for each other in %q", text)
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if rest, ok := strings.CutPrefix(after, "$"); ok {
			b.WriteByte('$')
			text = rest
			continue
		}
		var name string
		if rest, ok := strings.CutPrefix(after, "{"); ok {
			if name, text, ok = strings.Cut(rest, "}"); !ok {
				return "", fmt.Errorf("${ without }")
			}
		} else {
			end := strings.IndexFunc(after, func(r rune) bool {
				return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
			})
			if end < 0 {
				end = len(after)
			}
			name, text = after[:end], after[end:]
		}
		value, ok := l.names[name]
		if !ok {
			return "", fmt.Errorf("unknown name $%s", name)
		}
		expanded, err := l.expandIn(value, depth+1)
		if err != nil {
			return "", err
		}
		if b.WriteString(expanded); b.Len() > maxText {
			return "", fmt.Errorf("the text grows beyond %d bytes", maxText)
		}
	}
}

func (l *loader) expandTexts(texts map[string]Text) error {
	for key, text := range texts {
		expanded, err := l.expand(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		texts[key] = Text(expanded)
	}
	return nil
}

// expandEntry returns a copy of e with its names replaced: entries are shared between vectors.
func (l *loader) expandEntry(e Entry) (Entry, error) {
	e.Key, e.Args = maps.Clone(e.Key), maps.Clone(e.Args)
	if err := l.expandTexts(e.Key); err != nil {
		return e, fmt.Errorf("key: %w", err)
	}
	if err := l.expandTexts(e.Args); err != nil {
		return e, fmt.Errorf("args: %w", err)
	}
	return e, nil
}
