package differential

import "math/rand/v2"

// mutate damages a frame: where its structure is decided, anywhere, or at its end.
func mutate(r *rand.Rand, frame []byte) []byte {
	const ip = 14
	set := func(at int, v byte) {
		if at < len(frame) {
			frame[at] = v
		}
	}
	for range 1 + r.IntN(2) {
		switch r.IntN(9) {
		case 0:
			frame = frame[:1+r.IntN(len(frame))]
		case 1:
			frame = append(frame, make([]byte, 1+r.IntN(20))...)
		case 2:
			set(ip, byte(r.Uint32())) // version, header length
		case 3:
			set(ip+2+r.IntN(2), byte(r.Uint32())) // total length
		case 4:
			set(ip+6, byte(r.IntN(8)<<5))
			set(ip+7, byte(r.IntN(4)&r.IntN(4)))
		case 5:
			set(ip+9, pick(r, []byte{1, 4, 6, 17, 41, 0}))
		case 6:
			set(ip+20+12+20*r.IntN(2), byte(r.Uint32())) // data offset
		case 7:
			set(ip+20+13+20*r.IntN(2), byte(r.Uint32())) // TCP flags
		default:
			frame[r.IntN(min(len(frame), 100))] = byte(r.Uint32())
		}
	}
	return frame
}
