package simulate

import "time"

// load is the work that devices have before them. Between two steps arrivals bring work and servers do it; the queue that
// is left decides how long answers wait during the next step, and whether there is room. So within a step, a few
// milliseconds, arrivals do not see each other. SYNs of races that a device loses bring no work.
type load struct {
	devices []Device
	work    []int64 // ns of service, of all that are being served or wait
}

func newLoad(devices []Device) *load {
	return &load{devices: devices, work: make([]int64, len(devices))}
}

// limited says whether any device can be overloaded at all.
func limited(devices []Device) bool {
	for i := range devices {
		if devices[i].Servers > 0 {
			return true
		}
	}
	return false
}

// step takes in what has arrived during a time and writes the outcome into the scene.
func (l *load) step(s *scene, took time.Duration, arrived []int64) {
	s.version++
	for d := range l.devices {
		k := int64(l.devices[d].Servers)
		if k == 0 {
			continue
		}
		service := max(int64(l.devices[d].Service), 1)
		l.work[d] = max(0, l.work[d]+arrived[d]-k*int64(took))
		s.wait[d] = time.Duration(max(0, l.work[d]-k*service) / k)
		s.full[d] = l.work[d]/service >= k+int64(l.devices[d].Backlog)
	}
}
