package ports

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr (sendmmsg(2)).
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

// vectors is the memory of one call of sendmmsg.
type vectors struct {
	messages [MaxBurst]mmsghdr
	pieces   [MaxBurst]unix.Iovec
}

// Send implements Port. It does not wait: a full send queue is ErrFull.
func (p *Interface) Send(frame []byte) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return ErrClosed
	}
	_, err := unix.Write(p.out, frame)
	if err != nil {
		return p.sendError(len(frame), err)
	}
	return nil
}

func (p *Interface) sendError(n int, err error) error {
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) {
		return ErrFull
	}
	return fmt.Errorf("interface %s: send %d bytes: %w", p.name, n, err)
}

// SendBurst implements Burster.
func (p *Interface) SendBurst(frames [][]byte, c *Counters) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		c.OutDiscards.Add(uint64(len(frames)))
		return
	}
	v := p.vectors.Get().(*vectors)
	for len(frames) > 0 {
		n := min(len(frames), MaxBurst)
		p.sendVectors(v, frames[:n], c)
		frames = frames[n:]
	}
	p.vectors.Put(v)
}

// sendVectors sends up to MaxBurst frames. A frame that cannot be sent does not keep back the others.
func (p *Interface) sendVectors(v *vectors, frames [][]byte, c *Counters) {
	for i, f := range frames {
		v.pieces[i].Base = unsafe.SliceData(f)
		v.pieces[i].SetLen(len(f))
		v.messages[i].header.Iov = &v.pieces[i]
		v.messages[i].header.SetIovlen(1)
	}
	for at := 0; at < len(frames); {
		sent, err := sendmmsg(p.out, v.messages[at:len(frames)])
		bytes := 0
		for _, f := range frames[at : at+sent] {
			bytes += len(f)
		}
		c.OutFrames.Add(uint64(sent))
		c.OutBytes.Add(uint64(bytes))
		at += sent
		if sent == 0 && err != unix.EINTR {
			c.Sent(len(frames[at]), p.sendError(len(frames[at]), err))
			at++
		}
	}
	clear(v.pieces[:len(frames)]) // keep nobody's memory
}

// sendmmsg returns how many messages were sent, and when none was, why the first was not.
func sendmmsg(fd int, messages []mmsghdr) (int, error) {
	// The call does not wait, so the scheduler need not hear of it.
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages[0])),
		uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
