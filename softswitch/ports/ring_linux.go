package ports

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is what a packet socket receives, in memory that is shared with the kernel (packet(7) and
// Documentation/networking/packet_mmap.rst, TPACKET_V2). A frame that does not fit a slot is read
// from the socket.
type ring struct {
	memory []byte
	slot   int // bytes of a slot
	slots  int
	next   int // the slot that is filled next
}

// Bits of tpacket2_hdr.tp_status (linux/if_packet.h).
const (
	slotKernel    = 0
	slotUser      = 1 << 0
	slotCopy      = 1 << 1 // the whole frame is in the socket's queue
	slotLosing    = 1 << 2 // frames were lost since the statistics were last read
	slotVLANValid = 1 << 4
	slotTPIDValid = 1 << 6
)

// slotRoom is what a slot holds besides the frame: tpacket2_hdr, sockaddr_ll, virtio_net_hdr, and
// alignment.
const slotRoom = 32 + 64 + virtioLen

// newRing makes the ring of a packet socket, with slots for frames of up to frame bytes.
func newRing(fd, slots, frame int) (*ring, error) {
	r := &ring{slot: 2048, slots: slots}
	for r.slot < frame+slotRoom {
		r.slot *= 2
	}
	// A block is memory in one piece. Slots are powers of two, so that they fill it.
	block := max(r.slot, 64<<10)
	perBlock := block / r.slot
	r.slots = (slots + perBlock - 1) / perBlock * perBlock
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return nil, fmt.Errorf("PACKET_VERSION: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_COPY_THRESH, 1); err != nil {
		return nil, fmt.Errorf("PACKET_COPY_THRESH: %w", err)
	}
	req := unix.TpacketReq{
		Block_size: uint32(block), Block_nr: uint32(r.slots / perBlock),
		Frame_size: uint32(r.slot), Frame_nr: uint32(r.slots),
	}
	if err := unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, fmt.Errorf("PACKET_RX_RING of %d slots of %d bytes: %w", r.slots, r.slot, err)
	}
	var err error
	if r.memory, err = unix.Mmap(fd, 0, r.slots*r.slot, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("map a ring of %d slots of %d bytes: %w", r.slots, r.slot, err)
	}
	return r, nil
}

func (r *ring) close() error { return unix.Munmap(r.memory) }

func (r *ring) status(slot int) *uint32 { return (*uint32)(unsafe.Pointer(&r.memory[slot*r.slot])) }

// ready tells whether the next slot has a frame.
func (r *ring) ready() bool { return atomic.LoadUint32(r.status(r.next))&slotUser != 0 }

// received is a frame in a slot.
type received struct {
	status uint32
	frame  []byte // in the slot
	whole  int    // bytes of the frame as it came; more than frame has when it did not fit
	virtio virtioHeader
	tpid   uint16 // of a VLAN tag that the kernel took off, with tci
	tci    uint16
	room   []byte // the bytes before frame, free to use, and frame
}

// vlanLen is the length of a VLAN tag.
const vlanLen = 4

// take gives the frame of the next slot; ready must have been true. The slot is the kernel's again
// after giveBack.
func (r *ring) take() received {
	slot := r.memory[r.next*r.slot : (r.next+1)*r.slot]
	h := (*unix.Tpacket2Hdr)(unsafe.Pointer(&slot[0]))
	mac := int(h.Mac)
	got := received{
		status: h.Status, whole: int(h.Len), frame: slot[mac : mac+int(h.Snaplen)],
		virtio: parseVirtio(slot[mac-virtioLen:]), room: slot[mac-vlanLen : mac+int(h.Snaplen)],
	}
	if h.Status&slotVLANValid != 0 {
		got.tci, got.tpid = h.Vlan_tci, 0x8100
		if h.Status&slotTPIDValid != 0 {
			got.tpid = h.Vlan_tpid
		}
	}
	if r.next++; r.next == r.slots {
		r.next = 0
	}
	return got
}

// giveBack returns the last n slots that were taken.
func (r *ring) giveBack(n int) {
	for i := r.next - n; i < r.next; i++ {
		slot := i
		if slot < 0 {
			slot += r.slots
		}
		atomic.StoreUint32(r.status(slot), slotKernel)
	}
}
