package p4rt

func (s *Server) reconcile(b *bound) error { return nil }
