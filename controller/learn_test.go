package controller_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/firstack/firstack/controller/config"
)

func (r *running) translated(n int) {
	r.t.Helper()
	r.until(fmt.Sprintf("%d translations", n), func() error {
		page, err := r.Translations(r.t.Context(), 100)
		if err != nil {
			return err
		}
		open := 0
		for _, t := range page.List {
			if t.State == "open" {
				open++
			}
		}
		if open != n || page.Total != n {
			return fmt.Errorf("%+v", page)
		}
		return nil
	})
}

// counts are the decisions of all switches, as switch/decision.
func (r *running) counts() map[string]int64 {
	r.t.Helper()
	list, err := r.Counters(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, one := range list {
		counts[one.Switch+"/"+one.Decision] = one.Packets
	}
	return counts
}

func TestLearnsEveryConfiguration(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "B", "C")
	l.build(c)
	k := l.control(c)
	for i, form := range []string{"A", "B", "C"} {
		l.only(form)
		client := l.client(40000+uint16(i), 1000)
		client.open()
		want := "from " + replicaAddrs[form]
		if got := client.ask(); got != want {
			t.Errorf("%s from the slot: %q, want %q", form, got, want)
		}
		k.translated(i + 1)
		if got := client.ask(); got != want {
			t.Errorf("%s translated: %q, want %q", form, got, want)
		}
		counts := k.counts()
		for name, least := range map[string]int64{
			"cg/tag_first": int64(i + 1), "cg/claim_" + strings.ToLower(form): 1, "cg/out_translated": int64(i + 1),
			"sg/race_first": int64(i + 1), "rg" + form + "/crack_syn": 1,
		} {
			if counts[name] < least {
				t.Errorf("%s: %s counted %d; all: %v", form, name, counts[name], counts)
			}
		}
	}
	replicas, err := k.Replicas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replicas {
		if r.Wins != 1 || r.Losses != 0 || r.Delay.Count != 1 || r.Delay.Mean <= 0 || r.Translations != 1 || r.Health != "active" {
			t.Errorf("%+v", r)
		}
	}
}
