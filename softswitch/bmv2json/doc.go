// Package bmv2json reads the JSON that p4c writes for BMv2
// (behavioral-model, docs/JSON_format.md, versions 2.0 to 2.24) into a model
// whose references are resolved and whose constructs are checked.
//
// [Parse] refuses what it does not know by name and place, so that a program is
// never half understood. It does not judge whether a target can carry the
// program out: that is the compiler's task (softswitch/pipeline).
package bmv2json
