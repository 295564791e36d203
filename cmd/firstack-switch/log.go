package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

type logger = *slog.Logger

// levelTrace is below slog's lowest level; BMv2 logs every step of a packet there.
const levelTrace = slog.LevelDebug - 4

var levels = map[string]slog.Level{
	"trace": levelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo,
	"warn": slog.LevelWarn, "error": slog.LevelError, "off": slog.LevelError + 100,
}

// newLogger makes the log that the flags ask for.
func newLogger(c config, errOut io.Writer) (logger, func() error, error) {
	level, ok := levels[c.logLevel]
	if !ok {
		return nil, nil, fmt.Errorf("log level %q: want trace, debug, info, warn, error or off", c.logLevel)
	}
	out, closeLog := errOut, func() error { return nil }
	if c.logFile != "" {
		f, err := os.Create(c.logFile)
		if err != nil {
			return nil, nil, fmt.Errorf("open log: %w", err)
		}
		out, closeLog = f, f.Close
		if c.logConsole {
			out = io.MultiWriter(f, errOut)
		}
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})), closeLog, nil
}
