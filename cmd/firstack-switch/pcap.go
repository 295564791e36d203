package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Capture files of libpcap's format, version 2.4 (draft-ietf-opsawg-pcap), Ethernet.
const (
	pcapMicroseconds = 0xa1b2c3d4
	pcapNanoseconds  = 0xa1b23c4d
	pcapHeader       = 24
	pcapRecord       = 16
	pcapEthernet     = 1
	pcapLongest      = 262144 // bytes of a frame
)

// createPcap makes a capture file without records.
func createPcap(path string) (*os.File, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	var h [pcapHeader]byte
	binary.LittleEndian.PutUint32(h[0:], pcapMicroseconds)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], pcapLongest)
	binary.LittleEndian.PutUint32(h[20:], pcapEthernet)
	if _, err := f.Write(h[:]); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// appendPcap writes a record.
func appendPcap(w io.Writer, now time.Time, frame []byte) error {
	record := make([]byte, pcapRecord, pcapRecord+len(frame))
	binary.LittleEndian.PutUint32(record[0:], uint32(now.Unix()))
	binary.LittleEndian.PutUint32(record[4:], uint32(now.Nanosecond()/1000))
	binary.LittleEndian.PutUint32(record[8:], uint32(len(frame)))
	binary.LittleEndian.PutUint32(record[12:], uint32(len(frame)))
	_, err := w.Write(append(record, frame...))
	return err
}

// pcapReader reads a capture file.
type pcapReader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	unit  time.Duration // of the second half of a time
}

// newPcapReader reads the file's header.
func newPcapReader(r io.Reader) (*pcapReader, error) {
	p := &pcapReader{r: bufio.NewReader(r), order: binary.LittleEndian}
	var h [pcapHeader]byte
	if _, err := io.ReadFull(p.r, h[:]); err != nil {
		return nil, fmt.Errorf("capture file's header: %w", err)
	}
	if magic := binary.BigEndian.Uint32(h[:]); magic == pcapMicroseconds || magic == pcapNanoseconds {
		p.order = binary.BigEndian
	}
	switch magic := p.order.Uint32(h[:]); magic {
	case pcapMicroseconds:
		p.unit = time.Microsecond
	case pcapNanoseconds:
		p.unit = time.Nanosecond
	default:
		return nil, fmt.Errorf("not a capture file of libpcap's format (it begins with %#08x)", magic)
	}
	if link := p.order.Uint32(h[20:]) & 0xffff; link != pcapEthernet {
		return nil, fmt.Errorf("capture file of link type %d, want Ethernet (%d)", link, pcapEthernet)
	}
	return p, nil
}

// next gives the next frame, io.EOF after the last.
func (p *pcapReader) next() (at time.Time, frame []byte, err error) {
	var h [pcapRecord]byte
	if _, err := io.ReadFull(p.r, h[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("record: %w", err)
		}
		return at, nil, err
	}
	n := p.order.Uint32(h[8:])
	if n > pcapLongest {
		return at, nil, fmt.Errorf("record of %d bytes, more than %d", n, pcapLongest)
	}
	frame = make([]byte, n)
	if _, err := io.ReadFull(p.r, frame); err != nil {
		return at, nil, fmt.Errorf("record of %d bytes: %w", n, errors.Join(io.ErrUnexpectedEOF, err))
	}
	return time.Unix(int64(p.order.Uint32(h[0:])), int64(p.order.Uint32(h[4:]))*int64(p.unit)), frame, nil
}
