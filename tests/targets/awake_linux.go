package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// awakeArgument makes this program a process that keeps a processor awake.
const awakeArgument = "-keep-awake"

// awake are processes of the idle class, one a processor: they run when nothing else wants to, and give way at once. A
// virtual machine's processor that has nothing to run is taken away, and to get it back costs tens of microseconds each
// time, which would be most of what is measured here.
type awake []*exec.Cmd

func keepAwake() (a awake, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for range runtime.NumCPU() {
		cmd := exec.Command(self, awakeArgument)
		cmd.Stderr = os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			a.stop()
			return nil, fmt.Errorf("keep processors awake: %w", err)
		}
		a = append(a, cmd)
	}
	return a, nil
}

func (a awake) stop() {
	for _, cmd := range a {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
}

// stayAwake never returns.
func stayAwake() {
	runtime.LockOSThread()
	var param struct{ priority int32 }
	if _, _, errno := unix.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_IDLE, uintptr(unsafe.Pointer(&param))); errno != 0 {
		fmt.Fprintln(os.Stderr, "targets: SCHED_IDLE:", errno)
		os.Exit(1)
	}
	for {
	}
}
