package shape

// Patterns are the formats of text, as regular expressions that both Go and ECMA 262 (JSON Schema) read alike,
// without their anchors. The formats listen and endpoint check more than a pattern can say.
var Patterns = map[string]string{
	"name":     `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`,
	"path":     `/[!-~]*`,
	"listen":   `(off|.*:[0-9]{1,5})`,
	"endpoint": `.+:[0-9]{1,5}`,
}
