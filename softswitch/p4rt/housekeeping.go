package p4rt

import "time"

// housekeeping sends digest lists whose time has come and looks for idle entries, until Close.
func (s *Server) housekeeping() {
	defer s.running.Done()
	scan := time.NewTicker(idleScan)
	defer scan.Stop()
	digests := time.NewTimer(time.Hour)
	defer digests.Stop()
	var idle idler
	for {
		select {
		case <-s.done:
			return
		case <-scan.C:
			s.notifyIdle(&idle)
			continue
		case <-s.digests.Wake():
		case <-digests.C:
		}
		if next, ok := s.digests.Tick(); ok {
			digests.Reset(max(next.Sub(s.opt.Clock()), time.Millisecond))
		}
	}
}
