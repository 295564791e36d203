package differential

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"go.uber.org/goleak"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
	"github.com/firstack/firstack/tests/vector/bmv2"
)

var (
	packets   = flag.Int("packets", 2000, "how many packets, over all programs")
	seed      = flag.Uint64("seed", 1, "what everything is drawn from")
	onlyRound = flag.Int("round", -1, "run this round only")
)

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// perRound is how many packets a round has.
const perRound = 500

// batchSize keeps below what the reference switch's queues hold (64 frames a port) with three copies of each.
const batchSize = 16

func TestDifferential(t *testing.T) {
	reference := true
	if _, err := exec.LookPath(bmv2.Binary); err != nil {
		reference = false
		t.Logf("NOT COMPARED: %s is not on PATH; the packets run on the embedded switch alone", bmv2.Binary)
	}
	t.Logf("seed %d, %d packets", *seed, *packets)
	total, frames, missed := 0, 0, 0
	hits := map[string]int64{}
	rounds := max(len(p4src.Programs), (*packets+perRound-1)/perRound)
	for round := range rounds {
		if *onlyRound >= 0 && round != *onlyRound {
			continue
		}
		program := string(p4src.Programs[round%len(p4src.Programs)])
		n := min(perRound, (*packets+rounds-1)/rounds)
		t.Run(fmt.Sprintf("%s/%d", program, round), func(t *testing.T) {
			p, err := runRound(t, program, round, n, reference, hits)
			if err != nil {
				t.Errorf("%s: -seed %d -packets %d -round %d: %v", program, *seed, *packets, round, err)
			}
			if p != nil {
				total, frames = total+p.packets, frames+p.frames
				t.Logf("%d packets, %d frames, %d packet-ins, %d digests", p.packets, p.frames, len(p.ourIns), len(p.ourTold))
			}
		})
	}
	t.Logf("%d packets given to both, %d frames came out", total, frames)
	for _, row := range slices.Sorted(maps.Keys(hits)) {
		if hits[row] == 0 {
			missed++
			t.Logf("never hit: %s", row)
		}
	}
	t.Logf("%d of %d rows of constant entries hit", len(hits)-missed, len(hits))
	if *onlyRound < 0 && frames*3 < total {
		t.Errorf("%d packets made %d frames leave: most of what they should show does not show", total, frames)
	}
}

// bases are the data files whose first vector's entries a round begins with.
var bases = map[string][]string{
	"client_gateway":  {"client_syn.yaml", "client_steering.yaml"},
	"server_gateway":  {"server_syn.yaml"},
	"replica_gateway": {"replica.yaml"},
}

func runRound(t *testing.T, name string, round, n int, reference bool, hits map[string]int64) (*pair, error) {
	ctx := t.Context()
	program, err := vector.LoadProgram(name)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, program, reference)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	r := rand.New(rand.NewPCG(*seed, uint64(round)))
	tr, g, base, err := draw(r, program)
	if err != nil {
		return p, err
	}
	p.oneShot = g.oneShot
	if chance(r, 8) {
		base = base[:ports+1] // the random ones alone
	}
	written := g.initial()
	if err := p.write(ctx, base); err != nil {
		return p, err
	}
	if err := p.write(ctx, written); err != nil {
		return p, err
	}
	for p.packets < n {
		if chance(r, 8) {
			if err := p.write(ctx, g.change(written)); err != nil {
				return p, err
			}
		}
		if chance(r, 12) {
			if err := p.packetOut(ctx, g.packetOut(tr.next().frame)); err != nil {
				return p, err
			}
		}
		var list []given
		for range min(batchSize, n-p.packets) {
			list = append(list, tr.next())
		}
		if err := p.batch(ctx, list); err != nil {
			return p, err
		}
	}
	return p, errors.Join(p.finish(ctx), p.hits(ctx, hits))
}

// draw makes what packets and entries of a round come from, and the entries that it begins with.
func draw(r *rand.Rand, program *vector.Program) (*traffic, *generator, []*p4v1.Update, error) {
	tr := &traffic{r: r, program: program.Name}
	for range flowsAtOnce {
		tr.begin()
	}
	g := &generator{r: r, flows: func() []flow { return tr.flows }, info: program.Info, oneShot: chance(r, 4)}
	base, err := baseUpdates(program, pick(r, bases[program.Name]))
	if g.oneShot {
		base = slices.DeleteFunc(base, usesProfile) // the two can't be mixed
	}
	return tr, g, base, err
}

// usesProfile tells whether an update is a member, a group, or an entry that refers to one.
func usesProfile(u *p4v1.Update) bool {
	a := u.Entity.GetTableEntry().GetAction()
	return u.Entity.GetActionProfileMember() != nil || u.Entity.GetActionProfileGroup() != nil ||
		a.GetActionProfileMemberId() != 0 || a.GetActionProfileGroupId() != 0
}

// baseUpdates are the markers' routes and what the first vector of a data file begins with.
func baseUpdates(program *vector.Program, file string) ([]*p4v1.Update, error) {
	vectors, err := vector.Load(os.DirFS("../vector/data"), file)
	if err != nil {
		return nil, err
	}
	schema := vector.NewSchema(program.Info)
	var updates []*p4v1.Update
	for _, e := range append(markerEntries(), vectors[0].Entries...) {
		entity, err := schema.Entity(e)
		if err != nil {
			return nil, err
		}
		u := &p4v1.Update{Type: p4v1.Update_INSERT, Entity: entity}
		if e.Default == "settings" {
			continue // times that run out; the generator sets them
		}
		if e.Default != "" || e.Meter != "" {
			u.Type = p4v1.Update_MODIFY
		}
		updates = append(updates, u)
	}
	return updates, nil
}
