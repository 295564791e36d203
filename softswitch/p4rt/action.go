package p4rt

import (
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// place is where an action stands, which its scope may forbid.
type place int

const (
	inEntry place = iota
	inDefault
)

// decodeAction checks an action against what its table may use (P4Runtime specification, chapter
// "Action Specification"). Arguments are appended to args and share the message's memory. The
// error is PERMISSION_DENIED when the action's scope forbids it, else INVALID_ARGUMENT.
func decodeAction(owner string, ref *schema.ActionRef, a *p4v1.Action, where place, args [][]byte) (pipeline.Call, error) {
	if ref == nil {
		return pipeline.Call{}, status.Errorf(codes.InvalidArgument, "%s: action %d is not one of its actions", owner, a.GetActionId())
	}
	switch {
	case ref.Scope == p4configv1.ActionRef_TABLE_ONLY && where == inDefault:
		return pipeline.Call{}, status.Errorf(codes.PermissionDenied, "%s: action %q may not be the default action", owner, ref.Name)
	case ref.Scope == p4configv1.ActionRef_DEFAULT_ONLY && where == inEntry:
		return pipeline.Call{}, status.Errorf(codes.PermissionDenied, "%s: action %q may only be the default action", owner, ref.Name)
	}
	start := len(args)
	for range ref.Params {
		args = append(args, nil)
	}
	for i, p := range a.GetParams() {
		at := ref.Param(p.GetParamId(), i)
		if at < 0 {
			return pipeline.Call{}, status.Errorf(codes.InvalidArgument, "%s: action %q has no parameter %d", owner, ref.Name, p.GetParamId())
		}
		if args[start+at] != nil {
			return pipeline.Call{}, status.Errorf(codes.InvalidArgument, "%s: action %q: parameter %q is given twice", owner, ref.Name, ref.Params[at].Name)
		}
		if err := bytestring.Check(p.GetValue(), ref.Params[at].Width); err != nil {
			return pipeline.Call{}, status.Errorf(codes.InvalidArgument, "%s: action %q: parameter %q: %v", owner, ref.Name, ref.Params[at].Name, err)
		}
		args[start+at] = p.GetValue()
	}
	if len(a.GetParams()) < len(ref.Params) {
		for i, v := range args[start:] {
			if v == nil {
				return pipeline.Call{}, status.Errorf(codes.InvalidArgument, "%s: action %q: parameter %q is missing", owner, ref.Name, ref.Params[i].Name)
			}
		}
	}
	return pipeline.Call{Action: ref.Name, Args: args[start:]}, nil
}

// encodeAction gives a call in canonical form; nil if the P4Info does not know the action.
func (b *bound) encodeAction(c pipeline.Call) *p4v1.Action {
	a := b.schema.ActionNamed(c.Action)
	if a == nil {
		return nil
	}
	out := &p4v1.Action{ActionId: a.ID}
	for i, v := range c.Args {
		if i < len(a.Params) {
			out.Params = append(out.Params, &p4v1.Action_Param{ParamId: a.Params[i].ID, Value: canonical(v)})
		}
	}
	return out
}
