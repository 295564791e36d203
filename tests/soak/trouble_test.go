package soak

import (
	"time"

	"github.com/firstack/firstack/tests/e2e/lab"
)

// Trouble comes this often and lasts this long. A replica that falls silent is back before TCP gives up, so that no
// connection may fail for it.
const (
	troubleEvery = 400 * time.Millisecond
	troubleLasts = 1500 * time.Millisecond
)

// trouble makes replicas busy, cuts them off and connects them again, and kills the controller and starts it again,
// until stop; then everything is well again.
func (r *round) trouble(stop <-chan struct{}) {
	mended := map[string]time.Time{} // when each trouble is over
	mend := map[string]func(){}
	defer func() {
		for _, f := range mend {
			f()
		}
	}()
	begin := func(name string, start, end func()) {
		if mend[name] != nil {
			return
		}
		start()
		mend[name] = end
		mended[name] = time.Now().Add(time.Duration(r.rand.Int64N(int64(troubleLasts))))
	}
	tick := time.NewTicker(troubleEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			for name, f := range mend {
				if now.After(mended[name]) {
					f()
					delete(mend, name)
				}
			}
		}
		replica := lab.Replicas[r.rand.IntN(len(lab.Replicas))]
		switch r.rand.IntN(6) {
		case 0:
			begin("down "+replica, func() { r.down(replica, true) }, func() { r.down(replica, false) })
		case 1:
			server := r.n.World.Server(replica)
			begin("busy "+replica, func() { server.SetBusy(true) }, func() { server.SetBusy(false) })
		case 2:
			begin("controller", r.stopController, r.startController)
		}
	}
}

func (r *round) down(replica string, down bool) {
	if err := r.n.World.SetHostDown(replica, down); err != nil {
		r.t.Error(err)
	}
}

func (r *round) stopController() {
	if err := r.n.StopController(); err != nil {
		r.t.Errorf("stop controller: %v", err)
	}
}

func (r *round) startController() {
	if err := r.n.StartController(lab.Deadline(r.t)); err != nil {
		r.t.Errorf("start controller: %v", err)
	}
}
