package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// filePort is a port whose frames come from IFACE_in.pcap and go to IFACE_out.pcap, as with BMv2's
// --use-files.
type filePort struct {
	name   string
	number uint32
	in     *os.File
	reader *pcapReader

	// The frame that is received next; frame nil after the last.
	at    time.Time
	frame []byte

	mu  sync.Mutex
	out *os.File // nil once closed
}

func openFilePort(number uint32, name string) (*filePort, error) {
	p := &filePort{name: name, number: number}
	var err error
	if p.in, err = os.Open(name + "_in.pcap"); err != nil {
		return nil, err
	}
	if p.reader, err = newPcapReader(p.in); err == nil {
		p.out, err = createPcap(name + "_out.pcap")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", p.in.Name(), err), p.in.Close())
	}
	return p, nil
}

// Name implements ports.Port.
func (p *filePort) Name() string { return p.name }

// Send implements ports.Port.
func (p *filePort) Send(frame []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return ports.ErrClosed
	}
	return appendPcap(p.out, time.Now(), frame)
}

// Close implements ports.Port. What is read from in is up to playFiles, which has ended.
func (p *filePort) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return nil
	}
	err := errors.Join(p.out.Close(), p.in.Close())
	p.out = nil
	return err
}

// advance reads the port's next frame.
func (p *filePort) advance() error {
	var err error
	if p.at, p.frame, err = p.reader.next(); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return fmt.Errorf("%s: %w", p.in.Name(), err)
	}
	return nil
}

// attachFiles makes the ports of the command line files.
func attachFiles(sw *softswitch.Switch, c config) ([]*filePort, error) {
	var list []*filePort
	for _, flag := range c.interfaces {
		p, err := openFilePort(flag.number, flag.iface)
		if err == nil {
			err = sw.AddPort(flag.number, p)
		}
		if err != nil {
			return nil, fmt.Errorf("--use-files: -i %d@%s: %w", flag.number, flag.iface, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// playFiles waits, then gives the switch the frames of all files in the order of their times, without
// the pauses between them.
func playFiles(ctx context.Context, sw *softswitch.Switch, list []*filePort, wait time.Duration, log logger) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(wait):
	}
	for _, p := range list {
		if err := p.advance(); err != nil {
			return err
		}
	}
	for frames := 0; ; frames++ {
		var first *filePort
		for _, p := range list {
			if p.frame != nil && (first == nil || p.at.Before(first.at)) {
				first = p
			}
		}
		if first == nil || ctx.Err() != nil {
			log.Info("all files are read", "frames", frames)
			return nil
		}
		sw.Receive(first.number, first.frame)
		if err := first.advance(); err != nil {
			return err
		}
	}
}
