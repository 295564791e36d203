package link

// Unowned gives a port that outlives a switch it is attached to: closing it there does nothing, its owner closes it.
func Unowned(p Port) Port { return unowned{p} }

type unowned struct{ Port }

func (unowned) Close() error { return nil }
