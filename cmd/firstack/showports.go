package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/firstack/firstack/controller/state"
)

func showPorts(w io.Writer, data []byte) error {
	var list []state.Ports
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SWITCH\tPORT\tNAME\tADMIN\tOPER\tSINCE\tIN BYTES\tOUT BYTES\tIN LOST\tOUT LOST\tFOLLOWED")
	for _, s := range list {
		followed := "yes"
		if !s.Connected {
			followed = cmp.Or(s.Error, "not yet")
		}
		if len(s.Ports) == 0 {
			fmt.Fprintf(w, "%s\t-\t-\t-\t-\t-\t-\t-\t-\t-\t%s\n", s.Switch, followed)
		}
		for _, p := range s.Ports {
			c := &p.Counters
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", s.Switch, p.Port, p.Name,
				cmp.Or(p.Admin, "-"), cmp.Or(p.Oper, "-"), since(p.Changed), c.InOctets, c.OutOctets,
				c.InDiscards+c.InErrors, c.OutDiscards+c.OutErrors, followed)
		}
	}
	return nil
}
