package tofino

const keeps = "v1model keeps a claimed slot while its client sends (300 s); TNA's is free 3 s after the SYN, for whether " +
	"there is a translation is known in a later stage than the slot's owner"

// differences names the vectors that do not hold with TNA's slots, and why (docs/tofino.md, What differs).
var differences = map[string]string{
	"client_translated/translation_frees_the_slot":     keeps,
	"client_young/claimed_slot_lives_while_it_is_used": keeps,
	"client_young/wide_area_does_not_end_a_slot":       keeps,
}
