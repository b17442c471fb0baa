package pools

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// document is a settings file of another program, as YAML with sorted keys.
func document(file any) string {
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
