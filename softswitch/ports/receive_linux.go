package ports

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// maxRead is the longest frame that a sender may leave to be cut, in bytes (IPv6 jumbograms of TCP
// may exceed 64 KiB).
const maxRead = 512 << 10

var nativeLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// reader takes frames out of an interface's ring and hands them on in bursts.
type reader struct {
	p       *Interface
	receive func([][]byte)

	frames [][]byte // the burst
	held   int      // slots of the ring that the burst is in
	losing bool     // the ring has lost frames
	cut    segmenter
	big    []byte // a frame that did not fit a slot
}

// run reads until waiting fails or the interface is closed.
func (r *reader) run() error {
	for {
		for !r.p.ring.ready() {
			if closed, err := r.wait(); closed || err != nil {
				return err
			}
		}
		r.gather()
		if len(r.frames) > 0 {
			r.receive(r.frames)
		}
		r.p.ring.giveBack(r.held)
		r.held, r.frames = 0, r.frames[:0]
		r.cut.reset()
		if r.losing {
			r.losing = false
			r.p.countFull()
		}
	}
}

// wait waits for a frame.
func (r *reader) wait() (closed bool, err error) {
	fds := []unix.PollFd{{Fd: int32(r.p.in), Events: unix.POLLIN}, {Fd: int32(r.p.wake), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, -1); err != nil {
		if err == unix.EINTR {
			return false, nil
		}
		return false, fmt.Errorf("poll: %w", err)
	}
	if fds[1].Revents != 0 {
		return true, nil
	}
	if fds[0].Revents&unix.POLLERR != 0 {
		errno, err := unix.GetsockoptInt(r.p.in, unix.SOL_SOCKET, unix.SO_ERROR)
		switch {
		case err != nil:
			return false, fmt.Errorf("SO_ERROR: %w", err)
		case unix.Errno(errno) == unix.ENETDOWN:
			// The interface is down for now; the socket lives on.
		case errno != 0:
			return false, fmt.Errorf("receive: %w", unix.Errno(errno))
		}
	}
	return false, nil
}

// gather makes a burst of what has arrived.
func (r *reader) gather() {
	// Half of the ring at most: a slot that is held looks as if it had a frame.
	most := min(MaxBurst, r.p.ring.slots/2)
	for len(r.frames) < MaxBurst && r.held < most && r.p.ring.ready() {
		got := r.p.ring.take()
		r.held++
		if got.status&slotLosing != 0 {
			r.losing = true
		}
		if got.whole > len(got.frame) {
			if got.status&slotCopy == 0 || !r.readWhole(&got) {
				r.p.full.Add(1) // the socket's buffer had no room
				continue
			}
			r.add(got)
			return // what is in big must be gone before the next frame goes there
		}
		r.add(got)
	}
}

// readWhole gets a frame that does not fit its slot from the socket.
func (r *reader) readWhole(got *received) bool {
	n, _, err := unix.Recvfrom(r.p.in, r.big, unix.MSG_DONTWAIT)
	if err != nil || n < virtioLen+ethMinimum {
		return false
	}
	got.virtio = parseVirtio(r.big)
	got.frame, got.room = r.big[virtioLen:n], r.big[virtioLen-vlanLen:n]
	return true
}

// add makes a frame what it would be on a wire, and puts it into the burst.
func (r *reader) add(got received) {
	frame, h := got.frame, got.virtio
	if got.tpid != 0 && len(frame) >= ethMinimum {
		frame = got.room
		copy(frame, frame[vlanLen:vlanLen+12])
		binary.BigEndian.PutUint16(frame[12:], got.tpid)
		binary.BigEndian.PutUint16(frame[14:], got.tci)
		h.start += vlanLen
	}
	var err error
	if h.gso == gsoNone {
		if err = h.complete(frame); err == nil {
			r.frames = append(r.frames, frame)
		}
	} else {
		r.frames, err = r.cut.cut(r.frames, frame, h)
	}
	if err == nil {
		return
	}
	r.p.uncut.Add(1)
	if r.p.told.CompareAndSwap(false, true) {
		r.p.log.Warn("frame lost that its sender left unfinished; later ones are not logged. Finish frames at the sender: "+
			"ethtool -K IFACE tx off gso off tso off", "interface", r.p.name, "bytes", len(frame), "error", err)
	}
}
