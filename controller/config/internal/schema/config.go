package schema

import (
	"reflect"

	"github.com/firstack/firstack/controller/config"
)

// Of gives the schema of the configuration; folder is where its Go sources are.
func Of(folder string) ([]byte, error) {
	comments, err := Comments(folder)
	if err != nil {
		return nil, err
	}
	return Generate("firstack configuration", "https://github.com/firstack/firstack/docs/config.schema.json",
		reflect.TypeFor[config.Config](), comments)
}
