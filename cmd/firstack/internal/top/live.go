package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Terminal is where frames are shown and keys come from.
type Terminal struct {
	In   io.Reader
	Out  io.Writer
	Size func() (width, height int)
	// Raw has keys come one by one, unechoed, until restore is called.
	Raw func() (restore func() error, err error)
}

// Sequences of xterm and whatever is like it: another screen to draw on, so that what was there comes back; no cursor.
const (
	enter = "\x1b[?1049h\x1b[?25l"
	leave = "\x1b[?25h\x1b[?1049l"
	home  = "\x1b[H"
	// What is left of a line, and of the screen, from an earlier frame.
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// Live shows a frame at every interval until ctx ends or a key asks for the end. The terminal is put back as it was. A
// controller that does not answer is told of, and asked again.
func (v View) Live(ctx context.Context, t Terminal, ask Ask, interval time.Duration) (err error) {
	restore, err := t.Raw()
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	defer func() {
		_, writeErr := io.WriteString(t.Out, leave)
		err = errors.Join(err, writeErr, restore())
	}()
	if _, err := io.WriteString(t.Out, enter); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// It ends with the process, or when the terminal is closed: a read of one can't be interrupted.
	go func() {
		defer cancel()
		awaitQuit(t.In)
	}()
	var before, now *Sample
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		v.Note = ""
		if next, err := Take(ctx, ask); err == nil {
			before, now = now, next
		} else {
			v.Note = err.Error()
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := v.show(t, before, now); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (v View) show(t Terminal, before, now *Sample) error {
	v.Width, v.Height = t.Size()
	if now == nil {
		now = &Sample{At: time.Now()}
	}
	text := v.Frame(before, now)
	lines := strings.Split(text, "\n")
	// In raw mode a newline does not go back to the first column.
	_, err := io.WriteString(t.Out, home+strings.Join(lines, clearLine+"\r\n")+clearLine+clearRest)
	return err
}

// awaitQuit returns when q or Ctrl-C was pressed, or there is no more input.
func awaitQuit(in io.Reader) {
	key := make([]byte, 1)
	for {
		switch n, err := in.Read(key); {
		case err != nil:
			return
		case n == 1 && (key[0] == 'q' || key[0] == 'Q' || key[0] == 3):
			return
		}
	}
}
