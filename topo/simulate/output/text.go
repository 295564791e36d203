// Package output writes what a simulation came to: as a table for people, as CSV, as JSON, and as plots.
package output

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/firstack/firstack/topo/simulate"
)

// Text writes tables for people.
func Text(w io.Writer, report *simulate.Report) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(format string, args ...any) { fmt.Fprintf(tw, format+"\t\n", args...) }
	row("policy\tnearest\tnear\tround trip ms\t\t\tlimit\tx limit\thandshake ms\t\t\tSYNs\tsent again\tfailed\tJain\tmax/mean")
	row("\t%%\t%%\tmean\tp50\tp99\tms\t\tmean\tp50\tp99\t\t%%\t\t\t")
	for _, r := range report.Results {
		row("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.3f\t%.1f\t%.1f\t%.1f\t%.3f\t%.3f\t%d\t%.3f\t%.2f",
			r.Policy, 100*r.NearestShare, 100*r.NearShare, r.RTTMean, r.RTTP50, r.RTTP99, r.LimitMean, r.RTTOverLimit,
			r.HandshakeMean, r.HandshakeP50, r.HandshakeP99, r.SYNCopies, 100*r.Retransmitted, r.Failed, r.Jain, r.MaxOverMean)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if err := devices(w, report); err != nil {
		return err
	}
	return recoveries(w, report)
}

// devices shows who got how many connections.
func devices(w io.Writer, report *simulate.Report) error {
	if len(report.Devices) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nConnections by device, %%\n")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "policy\t")
	for _, name := range report.Devices {
		fmt.Fprintf(tw, "%s\t", name)
	}
	fmt.Fprintln(tw)
	for _, r := range report.Results {
		fmt.Fprintf(tw, "%s\t", r.Policy)
		sum := int64(0)
		for _, n := range r.Devices {
			sum += n
		}
		for _, n := range r.Devices {
			fmt.Fprintf(tw, "%.1f\t", 100*float64(n)/float64(max(sum, 1)))
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// recoveries shows how long choices were wrong after each change.
func recoveries(w io.Writer, report *simulate.Report) error {
	for i, change := range report.Changes {
		fmt.Fprintf(w, "\nAfter %s: until the last connection of a gateway that was not on a near device, until the next change, 200 at most\n", change)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(tw, "policy\tgateways\tconnections p50\tconnections max\tseconds max\t")
		for _, r := range report.Results {
			if i < len(r.Recoveries) {
				v := r.Recoveries[i]
				fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%.1f\t\n", r.Policy, v.Gateways, v.ConnectionsP50, v.ConnectionsMax, v.SecondsMax)
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	return nil
}
