package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/bmv2json"
	"github.com/firstack/firstack/softswitch/grpcserver"
	"github.com/firstack/firstack/softswitch/p4rt"
)

// maxMessage lets a program of several megabytes or a batch of a million updates in (P4Runtime specification,
// "Guidelines for Implementations").
const maxMessage = 256 << 20

// stopGrace is how long calls under way may take when the switch ends.
const stopGrace = 2 * time.Second

// run serves until ctx ends.
func run(ctx context.Context, c config, errOut io.Writer) (err error) {
	log, closeLog, err := newLogger(c, errOut)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	if len(c.ignored) > 0 {
		log.Info("flags without meaning for this switch are ignored", "flags", c.ignored)
	}
	if c.deviceID == 0 {
		log.Warn("device id 0 is not valid in P4Runtime; clients may refuse to use it")
	}
	tap, closeTap, err := newTap(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeTap()) }()
	sw := softswitch.New(softswitch.Options{
		DeviceID: c.deviceID, CPUPort: c.cpuPort, DropPort: c.dropPort, MaxFrame: c.maxFrame,
		Logger: log, Tap: tap,
	})
	defer func() { err = errors.Join(err, sw.Close()) }()
	if err := loadProgram(sw, c); err != nil {
		return err
	}
	if !c.useFiles {
		if err := attach(sw, c, log); err != nil {
			return err
		}
		return serve(ctx, sw, c, log)
	}
	files, err := attachFiles(sw, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	played := make(chan error, 1)
	go func() {
		err := playFiles(ctx, sw, files, time.Duration(c.filesWait)*time.Second, log)
		if err != nil {
			log.Error("read frames from files", "error", err)
		}
		played <- err
	}()
	served := serve(ctx, sw, c, log)
	cancel()
	return errors.Join(served, <-played)
}

// loadProgram runs the program of the command line, if there is one.
func loadProgram(sw *softswitch.Switch, c config) error {
	if c.program == "" {
		return nil
	}
	json, err := os.ReadFile(c.program)
	if err != nil {
		return fmt.Errorf("read program: %w", err)
	}
	if c.p4info == "" {
		if err := sw.LoadJSON(json); err != nil {
			return fmt.Errorf("%s: %w", c.program, err)
		}
		return nil
	}
	data, err := os.ReadFile(c.p4info)
	if err != nil {
		return fmt.Errorf("read P4Info: %w", err)
	}
	info := &p4configv1.P4Info{}
	if textErr := prototext.Unmarshal(data, info); textErr != nil {
		if proto.Unmarshal(data, info) != nil {
			return fmt.Errorf("%s: %w", c.p4info, textErr)
		}
	}
	if err := sw.Load(json, info); err != nil {
		return fmt.Errorf("%s, %s: %w", c.program, c.p4info, err)
	}
	return nil
}

func serve(ctx context.Context, sw *softswitch.Switch, c config, log logger) error {
	creds, err := serverCredentials(c, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.grpcAddr)
	if err != nil {
		return fmt.Errorf("listen for P4Runtime: %w", err)
	}
	server := grpcserver.New(grpcserver.Options{Credentials: creds, MaxMessage: maxMessage, Direct: p4rt.DirectMethods, Logger: log})
	sw.Register(server)
	ready := health.NewServer()
	ready.SetServingStatus(p4v1.P4Runtime_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	ready.SetServingStatus(gpb.GNMI_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(server, ready)
	reflection.Register(server)
	log.Info("P4Runtime and gNMI server listens", "address", listener.Addr().String(), "tls", creds != nil, "device", c.deviceID)

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve P4Runtime: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	logCounters(sw, log)
	ready.Shutdown()
	err = sw.Close()
	stopped := make(chan struct{})
	go func() { server.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(stopGrace):
		server.Stop()
		<-stopped
	}
	<-served
	return err
}

func versionText() string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("firstack-switch %s, P4Runtime %s, BMv2 JSON %s", version, p4rt.APIVersion, jsonVersionText())
}

func jsonVersionText() string { return fmt.Sprintf("%d.%d", bmv2json.Major, bmv2json.MaxMinor) }
