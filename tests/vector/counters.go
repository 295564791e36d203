package vector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// counts reads the direct counters of the tables that want names (table/action), in packets by
// table/action as want spells the table.
func (r *run) counts(ctx context.Context, want map[string]int) (map[string]int64, error) {
	counts := map[string]int64{}
	done := map[string]bool{}
	for name := range want {
		tableName, actionName, found := strings.Cut(name, "/")
		if !found {
			return nil, fmt.Errorf("counter %q is not table/action", name)
		}
		t, err := r.schema.table(tableName)
		if err != nil {
			return nil, err
		}
		if _, err := r.schema.action(actionName, t); err != nil {
			return nil, err
		}
		if done[tableName] {
			continue
		}
		done[tableName] = true
		for _, isDefault := range []bool{false, true} {
			query := &p4v1.TableEntry{
				TableId: t.Preamble.Id, IsDefaultAction: isDefault, CounterData: &p4v1.CounterData{},
			}
			read, err := r.target.Read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: query}})
			if err != nil {
				return nil, fmt.Errorf("counters of %s: %w", tableName, err)
			}
			for _, entity := range read {
				e := entity.GetTableEntry()
				action := r.schema.actionByID(e.GetAction().GetAction().GetActionId())
				if action == nil {
					continue // a member or group: its actions have no counters of their own
				}
				short := action.Preamble.Name[strings.LastIndexByte(action.Preamble.Name, '.')+1:]
				counts[tableName+"/"+short] += e.GetCounterData().GetPacketCount()
			}
		}
	}
	return counts, nil
}

// compareCounts compares how much the named counters, and the others of their tables, grew.
func (r *run) compareCounts(want map[string]int, before, after map[string]int64) error {
	var faults []error
	names := map[string]bool{}
	for name := range after {
		names[name] = true
	}
	for name := range want {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if r.target.Limits().NoDefaultCounters && r.isDefault(name) {
			continue
		}
		if grown := after[name] - before[name]; grown != int64(want[name]) {
			faults = append(faults, fmt.Errorf("counter %s: want %d more, got %d", name, want[name], grown))
		}
	}
	return errors.Join(faults...)
}

// isDefault tells whether table/action names a table's default action in the program.
func (r *run) isDefault(name string) bool {
	tableName, actionName, _ := strings.Cut(name, "/")
	t, err := r.schema.table(tableName)
	if err != nil {
		return false
	}
	a, err := r.schema.action(actionName, t)
	return err == nil && (a.Preamble.Id == t.ConstDefaultActionId || a.Preamble.Id == t.InitialDefaultAction.GetActionId())
}
