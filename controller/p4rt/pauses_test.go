package p4rt

import (
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

func TestPauses(t *testing.T) {
	p := newPauses(100*time.Millisecond, time.Second)
	p.random = func() float64 { return 1 }
	for i, want := range []int{100, 200, 400, 800, 1000, 1000} {
		if got := p.wait(); got != time.Duration(want)*time.Millisecond {
			t.Errorf("pause %d: %v, want %d ms", i, got, want)
		}
	}
	p.reset()
	p.random = func() float64 { return 0 }
	if got := p.wait(); got != 50*time.Millisecond {
		t.Errorf("shortest first pause: %v", got)
	}
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name     string
		code     codes.Code
		election *p4v1.Uint128
		want     standing
	}{
		{"primary", codes.OK, &p4v1.Uint128{Low: 5}, standsPrimary},
		{"OK with a lower id", codes.OK, &p4v1.Uint128{Low: 4}, standsPrimary},
		{"OK with a higher id", codes.OK, &p4v1.Uint128{Low: 6}, standsBackup},
		{"backup", codes.AlreadyExists, &p4v1.Uint128{Low: 6}, standsBackup},
		{"nobody", codes.NotFound, &p4v1.Uint128{Low: 6}, standsVacant},
		{"nobody ever", codes.NotFound, nil, standsVacant},
		{"any other error", codes.Internal, &p4v1.Uint128{Low: 5}, standsBackup},
	} {
		m := &p4v1.MasterArbitrationUpdate{ElectionId: test.election, Status: &rpcstatus.Status{Code: int32(test.code)}}
		if got := judge(m, ElectionID{Low: 5}); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
