package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	const seed = 5
	r := rand.New(rand.NewPCG(seed, 0))
	var h, other histogram
	var all []time.Duration
	sum := time.Duration(0)
	for i := range 20_000 {
		d := time.Duration(math.Exp(r.Float64()*18) * 1e3) // 1 µs to a minute
		all = append(all, d)
		sum += d
		if i%3 == 0 {
			other.add(d)
		} else {
			h.add(d)
		}
	}
	h.merge(&other)
	slices.Sort(all)
	about(t, "mean", h.mean(), float64(sum)/float64(len(all))/1e6, 1e-6)
	for _, q := range []float64{.01, .5, .99, 1} {
		want := float64(all[int(math.Ceil(q*float64(len(all))))-1]) / 1e6
		about(t, "quantile", h.quantile(q)/want, 1, 1./60+.0005/want)
	}
	var empty histogram
	if !math.IsNaN(empty.quantile(.5)) || !math.IsNaN(empty.mean()) {
		t.Error("of nothing there is neither mean nor quantile")
	}
	curve := h.curve()
	if last := curve[len(curve)-1]; last.Y != 1 || !slices.IsSortedFunc(curve, func(a, b Point) int {
		if a.X < b.X && a.Y < b.Y {
			return -1
		}
		return 1
	}) {
		t.Error("the curve does not rise to 1")
	}
	for _, d := range []time.Duration{-1, 0, time.Hour, 1 << 62} {
		h.add(d) // no bucket is beyond the last
	}
}

func TestHeap(t *testing.T) {
	const seed = 6
	r := rand.New(rand.NewPCG(seed, 0))
	var h heap[timed]
	var want []timed
	for i := range 2000 {
		if len(want) > 0 && r.IntN(3) == 0 {
			slices.SortFunc(want, func(a, b timed) int {
				if a.before(b) {
					return -1
				}
				return 1
			})
			if got := h.pop(); got != want[0] {
				t.Fatalf("seed %d: %v came, not %v", seed, got, want[0])
			}
			want = want[1:]
			continue
		}
		x := timed{time.Duration(r.IntN(100)), uint64(i)}
		h.push(x)
		want = append(want, x)
	}
}

func TestReadWorld(t *testing.T) {
	w, err := ReadWorld("t.csv", strings.NewReader("from,b,a\nb,0,20\na,30,\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := w.Site("a"), w.Site("b")
	if w.RoundTrip(a, b) != 30*time.Millisecond || w.OneWay(b, a) != 10*time.Millisecond || w.RoundTrip(a, a) != Local {
		t.Errorf("%+v", w)
	}
	for text, want := range map[string]string{
		"from,a,b\na,0,x\n":             `t.csv: line 2, column b: "x"`,
		"from,a,b,c\na,0,1,2\nb,1,0,\n": "t.csv: no round trip from b to c, nor back",
		"":                              "t.csv: the table is empty",
	} {
		if _, err := ReadWorld("t.csv", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// From Frankfurt, London is nearer than Madrid and Washington DC nearer than Dallas, by geography and by round trip.
func TestDistances(t *testing.T) {
	w, err := Regions()
	if err != nil {
		t.Fatal(err)
	}
	from := w.Site("Frankfurt")
	about(t, "km from Frankfurt to London", w.distance(from, w.Site("London")), 637, 15)
	about(t, "km from Frankfurt to Sydney", w.distance(from, w.Site("Sydney")), 16480, 200)
	unknown, err := ReadWorld("t.csv", strings.NewReader("from,a,b\na,0,20\nb,30,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if unknown.distance(0, 1) >= unknown.distance(1, 0) {
		t.Error("where no places are known, round trips are distances")
	}
}

func TestPlacements(t *testing.T) {
	w, err := Regions()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 0, 9} {
		if _, err := w.Placements(n); err == nil {
			t.Errorf("%d replicas have room", n)
		}
	}
	list, err := w.Placements(8)
	if err != nil || len(list) != 90 {
		t.Errorf("%d placements of eight replicas, %v", len(list), err)
	}
	wide := &World{Sites: make([]string, 60)}
	if _, err := wide.Placements(20); err == nil {
		t.Error("of 60 sites and 20 replicas there are more combinations than fit into memory")
	}
	a, b := Sample(list, 200, 1), Sample(list, 200, 1)
	if len(a) != 200 || a[7].Client != b[7].Client || a[199].Origin != b[199].Origin {
		t.Error("the same seed gives other placements")
	}
}

// A client goes elsewhere as often as the error rate says, always to the same, and to whom is usable.
func TestRanked(t *testing.T) {
	order := ranked{2, 0, 3, 1}
	all := func(int) bool { return true }
	counts := map[int]int{}
	for client := range uint64(10_000) {
		d := order.pick(all, mix(client), 0.3)
		if d != order.pick(all, mix(client), 0.3) {
			t.Fatal("a client changes")
		}
		counts[d]++
	}
	about(t, "share of the first", float64(counts[2])/10_000, 0.7, 0.02)
	for _, d := range []int{0, 1, 3} {
		about(t, "share of another", float64(counts[d])/10_000, 0.1, 0.02)
	}
	if d := order.pick(func(d int) bool { return d == 1 }, 5, 1); d != 1 {
		t.Errorf("%d is not usable", d)
	}
	if d := order.pick(func(int) bool { return false }, 5, 0); d != -1 {
		t.Errorf("%d is not usable", d)
	}
}
