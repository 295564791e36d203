package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/internal/devcerts"
)

func newCerts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "Make certificates for development",
	}
	add := func(use, short, long string, do func(string, devcerts.Options) error) {
		var hosts []string
		var days int
		sub := &cobra.Command{
			Use: use + " DIR", Short: short, Long: long, Args: cobra.ExactArgs(1),
			Example: "  firstack certs " + use + " certs --host switch1.example --host 10.255.0.1",
			RunE: func(cmd *cobra.Command, args []string) error {
				if days < 1 {
					return fmt.Errorf("--days: at least 1")
				}
				if err := do(args[0], devcerts.Options{Hosts: hosts, Life: time.Duration(days) * 24 * time.Hour}); err != nil {
					return err
				}
				for _, m := range devcerts.Members {
					if cert := devcerts.PairOf(args[0], m).Cert; exists(cert) {
						fmt.Fprintln(cmd.OutOrStdout(), cert)
					}
				}
				return nil
			},
		}
		sub.Flags().StringArrayVar(&hosts, "host", nil, "another name or address that switches and controller are reached by; may be repeated")
		sub.Flags().IntVar(&days, "days", 90, "how long the certificates last")
		cmd.AddCommand(sub)
	}
	add("dev", "Make authorities and certificates",
		"dev makes three authorities, for P4Runtime, for gNMI and for etcd, and what they sign: certificates of the controller\n"+
			"and of switches, of the gNMI server, of gNMI clients that may read or write, of etcd's members, and of the controller\n"+
			"towards etcd (ECDSA P-256). It overwrites nothing.\n"+
			"The authorities' keys lie beside the certificates: in production use your own authority.",
		devcerts.Make)
	add("renew", "Sign the certificates anew",
		"renew signs new certificates with the authorities that dev has made and puts them in the old ones' place, hosts and\n"+
			"days being those given now. Controller and switches take them with the next connection.",
		devcerts.Renew)
	return cmd
}

// exists tells whether there is a file: a set of an earlier version lacks some.
func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
