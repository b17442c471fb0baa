package nodes

import (
	"fmt"
	"os"
	"path/filepath"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
)

// InstanceType is what the catalogue says of an EC2 instance type.
type InstanceType struct {
	GPUs      int `json:"gpus"`
	VCPU      int `json:"vcpu"`
	MemoryGiB int `json:"memoryGiB"`
}

// ReadCatalogue evaluates the CUE files in dir and gives their catalogue, by the name
// of the instance type.
func ReadCatalogue(dir string) (map[string]InstanceType, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.cue"))
	if err != nil {
		return nil, err
	}
	instance := build.NewContext().NewInstance(dir, nil)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
		var syntax *ast.File
		if syntax, err = parser.ParseFile(file, content); err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
		if err := instance.AddSyntax(syntax); err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
	}
	value := cuecontext.New().BuildInstance(instance)
	var catalogue map[string]InstanceType
	if err := value.LookupPath(cue.ParsePath("catalogue")).Decode(&catalogue); err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	return catalogue, nil
}
