package ports

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// linkWatch follows the state of an interface's link as the kernel tells it (rtnetlink(7), RTM_NEWLINK).
type linkWatch struct {
	conn  *netlink.Conn
	name  string
	index uint32
}

// WatchLink calls told with the link's state before it returns, and again whenever that has changed, until Close. It is
// called once, and told must not call Close.
func (p *Interface) WatchLink(told func(Link)) error {
	w, err := newLinkWatch(p.name, p.index)
	if err != nil {
		return fmt.Errorf("interface %s: follow its link: %w", p.name, err)
	}
	last, err := w.next()
	if err != nil {
		return fmt.Errorf("interface %s: ask for its link: %w", p.name, errors.Join(err, w.conn.Close()))
	}
	told(last)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.Join(ErrClosed, w.conn.Close())
	}
	p.link = w.conn
	p.running.Go(func() {
		for {
			now, err := w.next()
			switch {
			case err == nil && !now.Equal(last):
				last = now
				told(now)
			case err != nil && p.isClosed():
				return
			case err != nil:
				p.log.Error("the state of the link is not followed any more", "interface", p.name, "error", err)
				return
			}
		}
	})
	return nil
}

// newLinkWatch begins with a question for the present state; later ones come by themselves.
func newLinkWatch(name string, index int) (*linkWatch, error) {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{Groups: unix.RTMGRP_LINK})
	if err != nil {
		return nil, err
	}
	w := &linkWatch{conn: conn, name: name, index: uint32(index)}
	if err := w.ask(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w, nil
}

// ifinfomsg is the length of struct ifinfomsg: family, type, index, flags, change.
const ifinfomsg = 16

func (w *linkWatch) ask() error {
	question := make([]byte, ifinfomsg)
	binary.NativeEndian.PutUint32(question[4:], w.index)
	_, err := w.conn.Send(netlink.Message{
		Header: netlink.Header{Type: unix.RTM_GETLINK, Flags: netlink.Request}, Data: question,
	})
	return err
}

// next waits for the link's state.
func (w *linkWatch) next() (Link, error) {
	for {
		messages, err := w.conn.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS): // some were lost
			err = w.ask()
		case errors.Is(err, unix.ENODEV): // the answer, when the interface is gone
			return Link{}, nil
		}
		if err != nil {
			return Link{}, err
		}
		found := false
		var link Link
		for _, m := range messages {
			if one, ok := w.parse(m); ok {
				link, found = one, true
			}
		}
		if found {
			return link, nil
		}
	}
}

// parse reads a message that is about the interface.
func (w *linkWatch) parse(m netlink.Message) (link Link, ok bool) {
	if len(m.Data) < ifinfomsg || binary.NativeEndian.Uint32(m.Data[4:]) != w.index {
		return Link{}, false
	}
	switch m.Header.Type {
	case unix.RTM_DELLINK:
		return Link{}, true
	case unix.RTM_NEWLINK:
	default:
		return Link{}, false
	}
	const up = unix.IFF_UP | unix.IFF_RUNNING // set up, and with a carrier (RFC 2863's operational state: netdevice(7))
	link.Up = binary.NativeEndian.Uint32(m.Data[8:])&up == up
	attributes, err := netlink.NewAttributeDecoder(m.Data[ifinfomsg:])
	if err != nil {
		return link, true
	}
	for attributes.Next() {
		switch attributes.Type() {
		case unix.IFLA_ADDRESS:
			link.MAC = net.HardwareAddr(attributes.Bytes())
		case unix.IFLA_MTU:
			link.MTU = int(attributes.Uint32())
		}
	}
	link.Speed = speedOf(w.name)
	return link, true
}

// speedOf gives an interface's speed as its driver tells it; 0 when it does not, or the link is down.
func speedOf(name string) uint64 {
	text, err := os.ReadFile("/sys/class/net/" + name + "/speed")
	if err != nil {
		return 0
	}
	megabits, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || megabits <= 0 {
		return 0
	}
	return uint64(megabits) * 1e6
}
