package plan

import "github.com/firstack/firstack/controller/config"

// Health is what is known of a replica or server, numbered as the replica gateway's table has it
// (p4src/common/replica/stand_ins.p4).
type Health uint8

// Operations 404 to 408 of the patent's FIG. 4.
const (
	Active Health = 0
	Busy   Health = 1
	Dead   Health = 2
)

func (h Health) String() string { return [...]string{"active", "busy", "dead"}[h] }

// State joins what the operator wants of a replica and what its probes say. A drained replica is dead to new
// connections; open ones don't ask.
func State(admin config.AdminState, probed Health) Health {
	if admin == config.AdminUp {
		return probed
	}
	return Dead
}

// Probed tells the health of a replica or server by the names of its service and its own.
type Probed func(service, server string) Health

// Raced picks the replicas that take part in a race: the active ones, or the busy ones when there is no other, for
// one of them may have become free since it said so.
func Raced(s *config.Service, probed Probed) []config.Replica {
	var by [2][]config.Replica
	for _, r := range s.Replicas {
		if h := State(r.AdminState, probed(s.Name, r.Name)); h != Dead {
			by[h] = append(by[h], r)
		}
	}
	if len(by[Active]) == 0 {
		return by[Busy]
	}
	return by[Active]
}

// serving picks the origin servers that take connections: all but dead ones, or all when every one seems dead, for
// then the probes are as likely to be at fault.
func serving(s *config.Service, probed Probed) []config.Origin {
	var alive []config.Origin
	for _, o := range s.Origins {
		if probed(s.Name, o.Name) != Dead {
			alive = append(alive, o)
		}
	}
	if len(alive) == 0 {
		return s.Origins
	}
	return alive
}
