package simulate

import "time"

// timed is something that happens at a time; what was put in first comes first among equals.
type timed struct {
	at  time.Duration
	seq uint64
}

func (t timed) when() timed { return t }

func (t timed) before(o timed) bool { return t.at < o.at || t.at == o.at && t.seq < o.seq }

// heap of timed things, the earliest on top. container/heap would allocate each of them.
type heap[T interface{ when() timed }] []T

func (h *heap[T]) push(x T) {
	*h = append(*h, x)
	list := *h
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !x.when().before(list[up].when()) {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = x
}

func (h *heap[T]) pop() T {
	list := *h
	top := list[0]
	last := len(list) - 1
	x := list[last]
	list = list[:last]
	*h = list
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && list[child+1].when().before(list[child].when()) {
			child++
		}
		if !list[child].when().before(x.when()) {
			break
		}
		list[i] = list[child]
		i = child
	}
	if last > 0 {
		list[i] = x
	}
	return top
}
