package bmv2json

import "github.com/firstack/firstack/softswitch/bmv2json/jsontree"

// The raw types mirror the document; the decoder turns them into the model.

type rawProgram struct {
	Program string `json:"program"`
	Meta    struct {
		Version []int `json:"version"`
	} `json:"__meta__"`
	HeaderTypes  []rawHeaderType   `json:"header_types"`
	Headers      []rawHeader       `json:"headers"`
	Stacks       []rawStack        `json:"header_stacks"`
	UnionTypes   []rawUnionType    `json:"header_union_types"`
	Unions       []rawUnion        `json:"header_unions"`
	UnionStacks  []rawUnionStack   `json:"header_union_stacks"`
	Errors       []*jsontree.Value `json:"errors"`
	ValueSets    []rawValueSet     `json:"parse_vsets"`
	Parsers      []rawParser       `json:"parsers"`
	Deparsers    []rawDeparser     `json:"deparsers"`
	Meters       []rawMeter        `json:"meter_arrays"`
	Counters     []rawCounter      `json:"counter_arrays"`
	Registers    []rawRegister     `json:"register_arrays"`
	Calculations []rawCalculation  `json:"calculations"`
	LearnLists   []rawFieldList    `json:"learn_lists"`
	FieldLists   []rawFieldList    `json:"field_lists"`
	Actions      []rawAction       `json:"actions"`
	Pipelines    []rawPipeline     `json:"pipelines"`
	Checksums    []rawChecksum     `json:"checksums"`
	Externs      []rawExtern       `json:"extern_instances"`
	Aliases      []*jsontree.Value `json:"field_aliases"`
}

type rawSource struct {
	File string `json:"filename"`
	Line int    `json:"line"`
}

func (s *rawSource) source() Source {
	if s == nil {
		return Source{}
	}
	return Source{File: s.File, Line: s.Line}
}

type rawValue struct {
	Type     string          `json:"type"`
	Value    *jsontree.Value `json:"value"`
	Bitwidth int             `json:"bitwidth"`
}

type rawHeaderType struct {
	Name      string            `json:"name"`
	ID        int               `json:"id"`
	Fields    []*jsontree.Value `json:"fields"`
	LengthExp *jsontree.Value   `json:"length_exp"`
	MaxLength int               `json:"max_length"`
}

type rawHeader struct {
	Name     string `json:"name"`
	ID       int    `json:"id"`
	Type     string `json:"header_type"`
	Metadata bool   `json:"metadata"`
}

type rawStack struct {
	Name    string `json:"name"`
	Type    string `json:"header_type"`
	Headers []int  `json:"header_ids"`
}

type rawUnionType struct {
	Name    string            `json:"name"`
	Headers []*jsontree.Value `json:"headers"`
}

type rawUnion struct {
	Name    string `json:"name"`
	ID      int    `json:"id"`
	Type    string `json:"union_type"`
	Headers []int  `json:"header_ids"`
}

type rawUnionStack struct {
	Name   string `json:"name"`
	Unions []int  `json:"header_union_ids"`
}

type rawValueSet struct {
	Name  string `json:"name"`
	Width int    `json:"compressed_bitwidth"`
	Size  int    `json:"max_size"`
}

type rawParser struct {
	Name   string     `json:"name"`
	Init   string     `json:"init_state"`
	States []rawState `json:"parse_states"`
}

type rawState struct {
	Name        string          `json:"name"`
	Ops         []rawParserOp   `json:"parser_ops"`
	Key         []rawValue      `json:"transition_key"`
	Transitions []rawTransition `json:"transitions"`
}

type rawParserOp struct {
	Op     string            `json:"op"`
	Params []*jsontree.Value `json:"parameters"`
}

type rawTransition struct {
	Type  string  `json:"type"`
	Value *string `json:"value"`
	Mask  *string `json:"mask"`
	Next  *string `json:"next_state"`
}

type rawDeparser struct {
	Name       string         `json:"name"`
	Order      []string       `json:"order"`
	Primitives []rawPrimitive `json:"primitives"`
}

type rawMeter struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Rates  int      `json:"rate_count"`
	Size   int      `json:"size"`
	Direct bool     `json:"is_direct"`
	Table  string   `json:"binding"`
	Result []string `json:"result_target"`
}

type rawCounter struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	Direct bool   `json:"is_direct"`
	Table  string `json:"binding"`
}

type rawRegister struct {
	Name  string `json:"name"`
	Size  int    `json:"size"`
	Width int    `json:"bitwidth"`
}

type rawCalculation struct {
	Name  string     `json:"name"`
	Algo  string     `json:"algo"`
	Input []rawValue `json:"input"`
}

type rawFieldList struct {
	Name     string     `json:"name"`
	ID       int        `json:"id"`
	Elements []rawValue `json:"elements"`
}

type rawPrimitive struct {
	Op     string     `json:"op"`
	Params []rawValue `json:"parameters"`
	Source *rawSource `json:"source_info"`
}

type rawAction struct {
	Name    string `json:"name"`
	ID      int    `json:"id"`
	Runtime []struct {
		Name  string `json:"name"`
		Width int    `json:"bitwidth"`
	} `json:"runtime_data"`
	Primitives []rawPrimitive `json:"primitives"`
	Source     *rawSource     `json:"source_info"`
}

type rawPipeline struct {
	Name         string           `json:"name"`
	Init         *string          `json:"init_table"`
	Tables       []rawTable       `json:"tables"`
	Profiles     []rawProfile     `json:"action_profiles"`
	Conditionals []rawConditional `json:"conditionals"`
	ActionCalls  []rawActionCall  `json:"action_calls"`
}

type rawTable struct {
	Name            string             `json:"name"`
	MatchType       string             `json:"match_type"`
	Type            string             `json:"type"`
	Profile         string             `json:"action_profile"`
	MaxSize         int                `json:"max_size"`
	WithCounters    bool               `json:"with_counters"`
	SupportTimeout  bool               `json:"support_timeout"`
	DirectMeter     *string            `json:"direct_meters"`
	Key             []rawKey           `json:"key"`
	ActionIDs       []int              `json:"action_ids"`
	Actions         []string           `json:"actions"`
	Next            map[string]*string `json:"next_tables"`
	BaseDefaultNext *string            `json:"base_default_next"`
	Default         *rawDefault        `json:"default_entry"`
	Entries         []rawEntry         `json:"entries"`
	Source          *rawSource         `json:"source_info"`
}

type rawKey struct {
	Match  string          `json:"match_type"`
	Name   string          `json:"name"`
	Target *jsontree.Value `json:"target"`
	Mask   *string         `json:"mask"`
}

type rawDefault struct {
	Action      int      `json:"action_id"`
	ActionConst bool     `json:"action_const"`
	EntryConst  bool     `json:"action_entry_const"`
	Data        []string `json:"action_data"`
}

type rawEntry struct {
	Key []struct {
		Match  string          `json:"match_type"`
		Key    *jsontree.Value `json:"key"`
		Mask   string          `json:"mask"`
		Prefix int             `json:"prefix_length"`
		Start  string          `json:"start"`
		End    string          `json:"end"`
	} `json:"match_key"`
	Action struct {
		ID   int      `json:"action_id"`
		Data []string `json:"action_data"`
	} `json:"action_entry"`
	Priority int `json:"priority"`
}

type rawProfile struct {
	Name     string `json:"name"`
	MaxSize  int    `json:"max_size"`
	Selector *struct {
		Algo  string     `json:"algo"`
		Input []rawValue `json:"input"`
	} `json:"selector"`
}

type rawConditional struct {
	Name      string          `json:"name"`
	Expr      *jsontree.Value `json:"expression"`
	TrueNext  *string         `json:"true_next"`
	FalseNext *string         `json:"false_next"`
	Source    *rawSource      `json:"source_info"`
}

type rawActionCall struct {
	Name   string  `json:"name"`
	Action int     `json:"action_id"`
	Next   *string `json:"next_node"`
}

type rawChecksum struct {
	Name        string          `json:"name"`
	Target      []string        `json:"target"`
	Type        string          `json:"type"`
	Calculation string          `json:"calculation"`
	Update      *bool           `json:"update"`
	Verify      *bool           `json:"verify"`
	Cond        *jsontree.Value `json:"if_cond"`
}

type rawExtern struct {
	Name string `json:"name"`
	Type string `json:"type"`
}
