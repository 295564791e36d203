package main

import "github.com/firstack/firstack/softswitch"

// logCounters says what the ports have carried, and what was lost where.
func logCounters(sw *softswitch.Switch, log logger) {
	for _, p := range sw.Ports() {
		log.Info("port's frames", "port", p.ID, "interface", p.Name, "in", p.InFrames, "out", p.OutFrames,
			"in lost", p.InDiscards, "out lost", p.OutDiscards, "out failed", p.OutErrors)
	}
	l := sw.Lost()
	log.Info("frames lost", "without program", l.NoProgram.Load(), "to no port", l.NoPort.Load(), "empty", l.Empty.Load(), "too long", l.TooLong.Load())
	if pl := sw.Pipeline(); pl != nil {
		s := pl.Stats()
		log.Info("program's packets", "received", s.Received, "sent", s.Transmitted, "dropped", s.Dropped, "to no group", s.NoGroup,
			"to no clone session", s.NoSession, "given up", s.Overworked, "parser errors", s.ParserErrors, "failed assertions", s.Asserts)
	}
}
