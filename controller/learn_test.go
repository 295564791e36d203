package controller_test

import (
	"fmt"
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

func TestLearnsEveryConfiguration(t *testing.T) {
	for _, form := range []string{"A", "B", "C"} {
		t.Run(form, func(t *testing.T) {
			l := newLab(t)
			c := network(config.OriginStandby, form)
			l.build(c)
			k := l.control(c)
			client := l.client(40000, 1000)
			client.open()
			want := "from " + replicaAddrs[form]
			if got := client.ask(); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			k.translated(1)
			if got := client.ask(); got != want {
				t.Errorf("translated: %q, want %q", got, want)
			}
			counts := map[string]int64{}
			list, err := k.Counters(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range list {
				counts[one.Switch+"/"+one.Decision] = one.Packets
			}
			for name, least := range map[string]int64{"cg/tag_first": 1, "cg/out_translated": 1, "sg/race_first": 1, "rg" + form + "/crack_syn": 1} {
				if counts[name] < least {
					t.Errorf("%s counted %d; all: %v", name, counts[name], counts)
				}
			}
		})
	}
}
