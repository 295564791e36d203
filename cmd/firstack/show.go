package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/controller/state"
)

func newShow() *cobra.Command {
	var address string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show a running controller's state",
		Long:  "show asks the controller that runs on this machine (its controller.listen address) and prints tables.",
	}
	cmd.PersistentFlags().StringVar(&address, "controller", "127.0.0.1:9561", "address of the controller's state")
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON as the controller gives it")
	add := func(name, short string, args cobra.PositionalArgs, render func(w io.Writer, data []byte) error, query func() string) *cobra.Command {
		sub := &cobra.Command{
			Use: name, Short: short, Args: args, Example: "  firstack show " + name,
			RunE: func(cmd *cobra.Command, _ []string) error {
				data, err := ask(cmd.Context(), address, "/v1/"+name+query())
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				if asJSON {
					_, err = out.Write(data)
					return err
				}
				w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
				if err := render(w, data); err != nil {
					return fmt.Errorf("answer of %s: %w", address, err)
				}
				return w.Flush()
			},
		}
		cmd.AddCommand(sub)
		return sub
	}
	none := func() string { return "" }
	add("sessions", "Sessions with the switches", cobra.NoArgs, showSessions, none)
	add("services", "Services and how they are raced", cobra.NoArgs, showServices, none)
	add("replicas", "Replicas: health, wins, losses, delays", cobra.NoArgs, showReplicas, none)
	add("learning", "Client gateways' memory of connections, and their flow slots", cobra.NoArgs, showLearning, none)
	add("steering", "What client gateways learned of replicas, and how connections go out", cobra.NoArgs, showSteering, none)
	add("ports", "Ports of the switches, as they tell over gNMI", cobra.NoArgs, showPorts, none)
	var limit int
	translations := add("translations", "Connections that run to replicas", cobra.NoArgs, showTranslations,
		func() string { return fmt.Sprintf("?limit=%d", limit) })
	translations.Flags().IntVar(&limit, "limit", 100, "at most so many")
	add("counters", "What the switches decided, by decision", cobra.NoArgs, showCounters, none)
	return cmd
}

// showTimeout bounds the controller's answer; counters are read from the switches.
const showTimeout = 15 * time.Second

func ask(ctx context.Context, address, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, showTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no controller answers at %s (is `firstack run` running there?): %w", address, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s%s: %s: %s", address, path, response.Status, strings.TrimSpace(string(data)))
	}
	return data, nil
}

func showSessions(w io.Writer, data []byte) error {
	var list []state.Session
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SWITCH\tROLE\tADDRESS\tSTATE\tSINCE\tTABLES\tELECTION ID\tPRIMARY\tPROGRAM\tLAST ERROR")
	for _, s := range list {
		tables, primary := "writing", cmp.Or(s.Leader, "-")
		switch {
		case s.Standby:
			tables = "-"
		case s.Settled:
			tables = "settled"
		}
		if s.Leader == "" && s.Primary {
			primary = "this controller"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s of %s\t%s\t%s\t%s\n", s.Switch, s.Role, s.Address, s.State,
			since(s.Since), tables, s.ElectionID, s.Highest, primary, s.Cookie, s.Error)
	}
	return nil
}

func since(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return time.Since(t).Round(time.Second).String()
}

func showServices(w io.Writer, data []byte) error {
	var list []state.Service
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SERVICE\tSERVER\tGATEWAY\tORIGIN POLICY\tRACED\tORIGINS")
	for _, s := range list {
		var origins []string
		for _, o := range s.Origins {
			origins = append(origins, fmt.Sprintf("%s (%s)", o.Name, o.Health))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Server, s.Gateway, s.OriginPolicy,
			strings.Join(s.Raced, ", "), strings.Join(origins, ", "))
	}
	return nil
}

func showReplicas(w io.Writer, data []byte) error {
	var list []state.Server
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SERVICE\tREPLICA\tADDRESS\tCONFIGURATION\tADMIN\tHEALTH\tWINS\tLOSSES\tMEAN DELAY\tLEAST\tCONNECTIONS")
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%.1f ms\t%.1f ms\t%d\n", r.Service, r.Name, r.Address,
			r.Configuration, r.Admin, r.Health, r.Wins, r.Losses, r.Delay.Mean, r.Delay.Min, r.Translations)
	}
	return nil
}

func showLearning(w io.Writer, data []byte) error {
	var list []state.Learning
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SWITCH\tCONNECTIONS\tUNWRITTEN\tSLOTS IN USE\tSLOTS\tLEARNT\tADOPTED\tFULL\tSTALE\tREUSED\tREPAIRED\tRETIRED")
	for _, l := range list {
		inUse := "unknown" // not counted yet, or the switch doesn't serve its registers
		if !l.Slots.Counted.IsZero() {
			inUse = fmt.Sprint(l.Slots.InUse)
		}
		retired := uint64(0)
		for _, n := range l.Retired {
			retired += n
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", l.Switch, l.Flows, l.Unwritten, inUse, l.Slots.Capacity,
			l.Learnt, l.Adopted, l.Full, l.Stale, l.Reused, l.Repaired, retired)
	}
	return nil
}

func showSteering(w io.Writer, data []byte) error {
	var list []state.Steering
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SWITCH\tSERVICE\tSERVER\tCONNECTIONS\tGO\tREPLICA\tROUND TRIP\tMEASURED\tSTANDING\tSHARE")
	for _, s := range list {
		for _, r := range s.Replicas {
			trip, ago, share := "-", "-", "-"
			if r.Delay > 0 {
				trip = fmt.Sprintf("%.1f ms", r.Delay)
				ago = time.Duration(r.Age*float64(time.Second)).Round(time.Second).String() + " ago"
			}
			if r.Share > 0 {
				share = fmt.Sprintf("%.1f %%", 100*r.Share)
			}
			name := cmp.Or(r.Name, r.Address.String())
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Switch, cmp.Or(s.Service, "-"), s.Server,
				s.Connections, s.Mode, name, trip, ago, r.Standing, share)
		}
	}
	return nil
}

func showTranslations(w io.Writer, data []byte) error {
	var page state.Translations
	if err := json.Unmarshal(data, &page); err != nil {
		return err
	}
	fmt.Fprintln(w, "SWITCH\tCLIENT\tSERVER\tREPLICA\tFORM\tSTATE")
	for _, t := range page.List {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Switch, t.Client, t.Server, t.Replica, t.Form, t.State)
	}
	fmt.Fprintf(w, "%d of %d\n", len(page.List), page.Total)
	return nil
}

func showCounters(w io.Writer, data []byte) error {
	var list []state.Counter
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	fmt.Fprintln(w, "SWITCH\tDECISION\tPACKETS\tBYTES")
	for _, c := range list {
		if c.Packets != 0 {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", c.Switch, c.Decision, c.Packets, c.Bytes)
		}
	}
	return nil
}
