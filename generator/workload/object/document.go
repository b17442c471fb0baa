package object

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// Document is a settings file of another program, as YAML: fields of structs in their order,
// keys of maps sorted.
func Document(file any) string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(file); err != nil {
		panic("plain values always encode: " + err.Error())
	}
	if err := e.Close(); err != nil {
		panic("a buffer takes everything: " + err.Error())
	}
	return b.String()
}
