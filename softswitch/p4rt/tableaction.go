package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// decodeTableAction reads what an entry does: an action, or a member, a group or a one-shot set of
// the table's action profile.
func (w *writer) decodeTableAction(t *table, a *p4v1.TableAction, n *pipeline.Entry) error {
	switch k := a.GetType().(type) {
	case *p4v1.TableAction_Action:
		if t.profile != nil {
			return t.invalid("it is implemented by action profile %q, but an action is given", t.profile.Name)
		}
		w.args = w.args[:0]
		call, err := decodeAction(t.owner, t.Action(k.Action.GetActionId()), k.Action, inEntry, w.args)
		w.args = call.Args[:0]
		n.Action = call
		return err
	case *p4v1.TableAction_ActionProfileMemberId:
		if t.profile == nil {
			return t.invalid("a member is given, but the table has no action profile")
		}
		if t.profile.members[k.ActionProfileMemberId] == nil {
			return status.Errorf(codes.NotFound, "table %q: %s has no member %d", t.Name, t.profile.owner, k.ActionProfileMemberId)
		}
		n.Member = k.ActionProfileMemberId
	case *p4v1.TableAction_ActionProfileGroupId:
		if t.profile == nil || !t.profile.Selector {
			return t.invalid("a group is given, but the table has no action selector")
		}
		if t.profile.groups[k.ActionProfileGroupId] == nil {
			return status.Errorf(codes.NotFound, "table %q: %s has no group %d", t.Name, t.profile.owner, k.ActionProfileGroupId)
		}
		n.Group = k.ActionProfileGroupId
	case *p4v1.TableAction_ActionProfileActionSet:
		if t.profile == nil || !t.profile.Selector {
			return t.invalid("an action set is given, but the table has no action selector")
		}
		return decodeActionSet(t, k.ActionProfileActionSet, n)
	default:
		return t.invalid("action has no type")
	}
	return nil
}

// decodeActionSet reads a one-shot action set (P4Runtime specification, chapter "One Shot Action
// Selector Programming").
func decodeActionSet(t *table, set *p4v1.ActionProfileActionSet, n *pipeline.Entry) error {
	p := t.profile
	if err := checkSelection(t, set); err != nil {
		return err
	}
	n.Set = make([]pipeline.Weighted, 0, len(set.GetActionProfileActions()))
	size := int64(0)
	for _, a := range set.GetActionProfileActions() {
		call, err := decodeAction(t.owner, t.Action(a.GetAction().GetActionId()), a.GetAction(), inEntry, nil)
		if err != nil {
			return err
		}
		weight, err := p.weight(a.GetWeight())
		if err != nil {
			return err
		}
		size += p.size(weight)
		m := pipeline.Weighted{Call: call, Weight: weight}
		switch k := a.GetWatchKind().(type) {
		case *p4v1.ActionProfileAction_WatchPort:
			if m.WatchPort, m.Watch, err = p.watchPort(k.WatchPort); err != nil {
				return err
			}
		case *p4v1.ActionProfileAction_Watch:
			if k.Watch != 0 {
				return t.invalid("watch is deprecated: use watch_port")
			}
		}
		n.Set = append(n.Set, m)
	}
	if p.MaxGroup > 0 && size > int64(p.MaxGroup) {
		return t.invalid("action set has size %d, above %d", size, p.MaxGroup)
	}
	return nil
}

// checkSelection accepts the selector's own mode and size semantics, by default or by name.
func checkSelection(t *table, set *p4v1.ActionProfileActionSet) error {
	switch set.GetActionSelectionMode() {
	case p4v1.ActionProfileActionSet_DEFAULT_MODE_DETERMINED_BY_ACTION_SELECTOR, p4v1.ActionProfileActionSet_HASH:
	default:
		return status.Errorf(codes.Unimplemented, "table %q: action selection mode %v is not supported", t.Name, set.GetActionSelectionMode())
	}
	own := p4v1.ActionProfileActionSet_SUM_OF_WEIGHTS
	if t.profile.SumOfMembers {
		own = p4v1.ActionProfileActionSet_SUM_OF_MEMBERS
	}
	switch set.GetSizeSemantics() {
	case p4v1.ActionProfileActionSet_DEFAULT_SIZE_DETERMINED_BY_ACTION_SELECTOR, own:
		return nil
	default:
		return status.Errorf(codes.Unimplemented, "table %q: size semantics %v is not supported", t.Name, set.GetSizeSemantics())
	}
}

// encodeTableAction gives what an entry does, in canonical form; nil if it does nothing that
// P4Runtime can say.
func (b *bound) encodeTableAction(t *table, e *pipeline.Entry, c cookie) *p4v1.TableAction {
	switch {
	case e.Set != nil:
		set := &p4v1.ActionProfileActionSet{ActionSelectionMode: c.mode, SizeSemantics: c.size}
		for _, m := range e.Set {
			a := &p4v1.ActionProfileAction{Action: b.encodeAction(m.Call), Weight: m.Weight}
			if t.profile != nil && t.profile.WeightsDisallowed {
				a.Weight = 0
			}
			if m.Watch {
				a.WatchKind = &p4v1.ActionProfileAction_WatchPort{WatchPort: bytestring.FromUint64(uint64(m.WatchPort))}
			}
			set.ActionProfileActions = append(set.ActionProfileActions, a)
		}
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileActionSet{ActionProfileActionSet: set}}
	case e.Group != 0:
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileGroupId{ActionProfileGroupId: e.Group}}
	case e.Member != 0:
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileMemberId{ActionProfileMemberId: e.Member}}
	}
	a := b.encodeAction(e.Action)
	if a == nil {
		return nil
	}
	return &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: a}}
}
