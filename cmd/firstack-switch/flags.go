package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/softswitch/ports"
)

// config is what the command line says.
type config struct {
	program    string // BMv2 JSON, "" = none
	p4info     string
	interfaces []portFlag
	deviceID   uint64
	cpuPort    uint32
	dropPort   uint32
	maxFrame   int
	queue      int

	grpcAddr   string
	tls        bool
	cacert     string
	cert, key  string
	clientAuth bool

	logLevel   string
	logFile    string
	logConsole bool
	pcap       string
	dump       int
	useFiles   bool
	filesWait  int      // seconds
	ignored    []string // flags given that have no meaning here
}

// portFlag is one -i PORT@IFACE.
type portFlag struct {
	number uint32
	iface  string
}

func parsePort(s string) (portFlag, error) {
	num, iface, ok := strings.Cut(s, "@")
	n, err := strconv.ParseUint(num, 10, 9)
	if !ok || err != nil || iface == "" {
		return portFlag{}, fmt.Errorf("interface %q: want PORT@IFACE with a port of 0 to 511", s)
	}
	return portFlag{uint32(n), iface}, nil
}

const long = `Runs a compiled P4 program (the BMv2 JSON of p4c for v1model) and serves P4Runtime.
It takes the flags of simple_switch_grpc, before or after "--".`

// newCommand makes the command; version texts go to out, logs to errOut.
func newCommand(out, errOut io.Writer) *cobra.Command {
	var c config
	var ifaces []string
	var noP4, version, jsonVersion bool
	cmd := &cobra.Command{
		Use:           "firstack-switch [flags] [program.json]",
		Short:         "The embedded P4 switch as a process",
		Long:          long,
		Args:          cobra.MaximumNArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case version:
				fmt.Fprintln(out, versionText())
				return nil
			case jsonVersion:
				fmt.Fprintln(out, jsonVersionText())
				return nil
			}
			for _, s := range ifaces {
				p, err := parsePort(s)
				if err != nil {
					return err
				}
				c.interfaces = append(c.interfaces, p)
			}
			switch {
			case len(args) == 1 && noP4:
				return fmt.Errorf("--no-p4 and a program (%s) contradict each other", args[0])
			case len(args) == 1:
				c.program = args[0]
			case !noP4:
				return fmt.Errorf("no program: give the BMv2 JSON, or --no-p4 to wait for a P4Runtime client to push one")
			}
			c.useFiles = cmd.Flags().Changed("use-files")
			if c.useFiles && c.filesWait < 0 {
				return fmt.Errorf("--use-files %d: want seconds", c.filesWait)
			}
			if c.p4info != "" && c.program == "" {
				return fmt.Errorf("--p4info needs a program")
			}
			for _, f := range ignoredFlags {
				if cmd.Flags().Changed(f.name) {
					c.ignored = append(c.ignored, "--"+f.name)
				}
			}
			return run(cmd.Context(), c, errOut)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&ifaces, "interface", "i", nil, "attach network interface IFACE as port PORT: `PORT@IFACE`; may be repeated")
	f.Uint64Var(&c.deviceID, "device-id", 1, "P4Runtime device id")
	f.BoolVar(&noP4, "no-p4", false, "start without a program and wait for a P4Runtime client to push one")
	f.StringVar(&c.p4info, "p4info", "", "P4Info of the program (text or binary protobuf); without it P4Runtime has no configuration until a client pushes one")
	f.Uint32Var(&c.cpuPort, "cpu-port", 0, "port to the controller, 0 = none")
	f.Uint32Var(&c.dropPort, "drop-port", 511, "egress port that means drop")
	f.IntVar(&c.maxFrame, "max-frame", 0, "longest frame in bytes, 0 = 16384")
	f.IntVar(&c.queue, "input-queue", ports.DefaultQueue, "received frames that may wait at each interface (2 KiB each at an MTU of 1500 bytes)")
	f.StringVar(&c.grpcAddr, "grpc-server-addr", "0.0.0.0:9559", "address of the P4Runtime and gNMI server")
	f.BoolVar(&c.tls, "grpc-server-ssl", false, "serve P4Runtime over TLS")
	f.StringVar(&c.cacert, "grpc-server-cacert", "", "certificates of the authorities that clients are checked against (PEM)")
	f.StringVar(&c.cert, "grpc-server-cert", "", "certificate of the server (PEM)")
	f.StringVar(&c.key, "grpc-server-key", "", "private key of the server (PEM)")
	f.BoolVar(&c.clientAuth, "grpc-server-with-client-auth", false, "require clients to show a certificate")
	f.StringVarP(&c.logLevel, "log-level", "L", "info", "trace, debug, info, warn, error or off")
	f.StringVar(&c.logFile, "log-file", "", "write the log to this file")
	f.BoolVar(&c.logConsole, "log-console", false, "write the log to standard error (what happens without --log-file too)")
	f.StringVar(&c.pcap, "pcap", "", "write a pcap file for each port and direction, into the directory `DIR`")
	f.Lookup("pcap").NoOptDefVal = "."
	f.IntVar(&c.dump, "dump-packet-data", 0, "log the first `N` bytes of each packet")
	f.BoolVarP(&version, "version", "v", false, "print the version and exit")
	f.BoolVar(&jsonVersion, "json-version", false, "print the version of BMv2 JSON that is understood and exit")
	f.IntVar(&c.filesWait, "use-files", 0, "after `SECONDS`, receive the frames of IFACE_in.pcap in place of interface IFACE, and send to IFACE_out.pcap")
	for _, i := range ignoredFlags {
		if i.isBool {
			f.Bool(i.name, false, "accepted and ignored: "+i.why)
		} else {
			f.String(i.name, "", "accepted and ignored: "+i.why)
		}
		_ = f.MarkHidden(i.name)
	}
	return cmd
}

// ignoredFlags are those of simple_switch_grpc that scripts pass and that have no meaning here.
var ignoredFlags = []struct {
	name   string
	isBool bool
	why    string
}{
	{"thrift-port", false, "there is no Thrift server, P4Runtime does what it did"},
	{"nanolog", false, "there is no nanomsg event log"},
	{"notifications-addr", false, "there is no nanomsg socket for notifications"},
	{"packet-in", false, "there is no nanomsg socket for packets"},
	{"dp-grpc-server-addr", false, "there is no gRPC service of the data plane"},
	{"debugger", true, "there is no debugger"},
	{"debugger-addr", false, "there is no debugger"},
	{"restore-state", false, "state is kept by the controller"},
	{"log-flush", true, "each line is flushed"},
	{"log-file-max-size", false, "the log is not rotated"},
	{"log-file-max-files", false, "the log is not rotated"},
	{"load-modules", false, "there are no modules"},
	{"max-port-count", false, "the number of ports is not limited"},
	{"priority-queues", false, "there are no egress queues"},
	{"max-mc-groups", false, "the replication engine has no such limit"},
	{"max-l1-entries", false, "the replication engine has no such limit"},
	{"max-l2-entries", false, "the replication engine has no such limit"},
	{"enable-swap", true, "P4Runtime exchanges programs"},
	{"disable-swap", true, "P4Runtime exchanges programs"},
}
