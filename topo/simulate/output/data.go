package output

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/firstack/firstack/topo/simulate"
)

// JSON writes one object a policy and line.
func JSON(w io.Writer, report *simulate.Report) error {
	enc := json.NewEncoder(w)
	for _, r := range report.Results {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("policy %s: %w", r.Policy, err)
		}
	}
	return nil
}

// CSV writes a head line and one row a policy: the fields of the JSON form that are no lists.
func CSV(w io.Writer, report *simulate.Report) error {
	out := csv.NewWriter(w)
	head, _ := fields(&simulate.Result{})
	if err := out.Write(head); err != nil {
		return err
	}
	for _, r := range report.Results {
		_, row := fields(r)
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func fields(r *simulate.Result) (names, values []string) {
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || v.Field(i).Kind() == reflect.Slice {
			continue
		}
		names = append(names, name)
		values = append(values, fmt.Sprint(v.Field(i).Interface()))
	}
	return names, values
}
