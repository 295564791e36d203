package vector

import (
	"testing"

	"google.golang.org/protobuf/proto"
)

// FuzzVectorFile: whatever the file, Load returns vectors or an error, and entries encode or do not.
func FuzzVectorFile(f *testing.F) {
	f.Add(vectorsYAML)
	f.Add(runnerYAML)
	f.Add(baseYAML)
	schema := NewSchema(smallInfo(f))
	f.Fuzz(func(t *testing.T, text string) {
		vectors, err := Load(fsOf(map[string]string{"v.yaml": text, "base.yaml": baseYAML}), "v.yaml")
		if err != nil {
			return
		}
		for _, v := range vectors {
			for _, e := range v.Entries {
				if entity, err := schema.Entity(e); err == nil {
					if _, err := proto.Marshal(entity); err != nil {
						t.Errorf("%+v: %v", e, err)
					}
				}
			}
		}
	})
}
