package shape

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// Bounds gives the text forms of the least and the greatest value of a number or time under the rule; "" for
// none. Those of the Go type count where the rule has none.
func (r Rule) Bounds(t reflect.Type) (low, high string) {
	low, high = r.Min, r.Max
	if ClassOf(t) != Integer {
		return low, high
	}
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 {
		if low == "" {
			low = "0"
		}
		if high == "" {
			high = strconv.FormatUint(math.MaxUint64>>(64-t.Bits()), 10)
		}
		return low, high
	}
	if low == "" {
		low = strconv.FormatInt(math.MinInt64>>(64-t.Bits()), 10)
	}
	if high == "" {
		high = strconv.FormatInt(math.MaxInt64>>(64-t.Bits()), 10)
	}
	return low, high
}

// Outside is the message for a value out of its bounds.
func (r Rule) Outside(t reflect.Type, text string) string {
	low, high := r.Bounds(t)
	switch {
	case low == "":
		return fmt.Sprintf("%s is more than %s", text, high)
	case high == "":
		return fmt.Sprintf("%s is less than %s", text, low)
	}
	return fmt.Sprintf("%s is outside %s to %s", text, low, high)
}

// Within says whether a number or time keeps to the rule's min and max.
func (r Rule) Within(v reflect.Value) bool {
	return (r.Min == "" || !less(v, r.Min)) && (r.Max == "" || !more(v, r.Max))
}

func less(v reflect.Value, bound string) bool {
	b := parse(v.Type(), bound)
	if v.CanUint() {
		return v.Uint() < b.Uint()
	}
	return v.Int() < b.Int()
}

func more(v reflect.Value, bound string) bool {
	b := parse(v.Type(), bound)
	if v.CanUint() {
		return v.Uint() > b.Uint()
	}
	return v.Int() > b.Int()
}

// parse reads a text of the tags, which tests have seen to be right.
func parse(t reflect.Type, text string) reflect.Value {
	v := reflect.New(t).Elem()
	if err := Set(v, text); err != nil {
		panic(fmt.Sprintf("bound of %v: %v", t, err))
	}
	return v
}
