package schemas

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
)

type instanceType struct {
	Class        string   `json:"class"`
	GPUs         int      `json:"gpus"`
	GPUMemoryGiB int      `json:"gpuMemoryGiB"`
	MIGProfiles  []string `json:"migProfiles"`
	VCPU         int      `json:"vcpu"`
	MemoryGiB    int      `json:"memoryGiB"`
	USDPerHour   float64  `json:"usdPerHour"`
}

type migSize struct {
	Compute int `json:"compute"`
	Memory  int `json:"memory"`
}

func catalogue(t *testing.T) map[string]instanceType {
	t.Helper()
	_, schemas := compile(t)
	var types map[string]instanceType
	data(t, schemas, "catalogue", &types)
	return types
}

// data validates and decodes a field of the schemas that is data.
func data(t *testing.T, schemas cue.Value, path string, into any) {
	t.Helper()
	value := schemas.LookupPath(cue.ParsePath(path))
	if err := value.Validate(cue.Concrete(true)); err != nil {
		t.Fatal(errors.Details(err, nil))
	}
	if err := value.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// Within a family a node with more of everything does not cost less, and a GPU
// does not get cheaper than the cheapest node that carries one: a digit that was
// mistyped in the catalogue mostly breaks one or the other.
func TestCatalogueIsPlausible(t *testing.T) {
	types := catalogue(t)
	for _, family := range []string{"g4dn", "g5", "g6", "g6e", "p4d", "p4de", "p5"} {
		found := false
		for name := range types {
			found = found || strings.HasPrefix(name, family+".")
		}
		if !found {
			t.Errorf("the catalogue has no %s", family)
		}
	}
	for small, s := range types {
		family, _, _ := strings.Cut(small, ".")
		for big, b := range types {
			if !strings.HasPrefix(big, family+".") || small == big {
				continue
			}
			if s.Class != b.Class {
				t.Errorf("%s has %s, %s has %s", small, s.Class, big, b.Class)
			}
			if b.VCPU >= s.VCPU && b.MemoryGiB >= s.MemoryGiB && b.GPUs >= s.GPUs && b.USDPerHour < s.USDPerHour {
				t.Errorf("%s has no less than %s and costs less", big, small)
			}
			if b.VCPU*s.MemoryGiB != s.VCPU*b.MemoryGiB && family != "p5" {
				t.Errorf("%s and %s differ in memory for a vCPU", big, small)
			}
		}
	}
}

// A profile's name says its compute slices and its memory, so the sizes can be
// held against it: NVIDIA rounds a GPU's memory into eight slices.
func TestMIGProfilesFitTheirNames(t *testing.T) {
	_, schemas := compile(t)
	var classes map[string]struct {
		MemoryGiB int                `json:"memoryGiB"`
		MIG       map[string]migSize `json:"mig"`
	}
	data(t, schemas, "gpuClasses", &classes)
	partitioned := 0
	for class, c := range classes {
		for profile, size := range c.MIG {
			partitioned++
			var compute, memory int
			if _, err := fmt.Sscanf(profile, "%dg.%dgb", &compute, &memory); err != nil {
				t.Fatalf("%s %s: %v", class, profile, err)
			}
			if compute != size.Compute || memory*8 != size.Memory*c.MemoryGiB {
				t.Errorf("%s: profile %s with %d compute and %d memory slices of a GPU with %d GiB", class, profile, size.Compute, size.Memory, c.MemoryGiB)
			}
		}
	}
	if partitioned == 0 {
		t.Error("no class has MIG profiles")
	}
	for name, it := range catalogue(t) {
		class, ok := classes[it.Class]
		if !ok || it.GPUMemoryGiB != class.MemoryGiB || len(it.MIGProfiles) != len(class.MIG) {
			t.Errorf("%s disagrees with its class %s", name, it.Class)
		}
	}
}

// The layers merge onto the defaults, so these must be sound themselves, and
// with what every model sets of its own they must make a whole model.
func TestDefaultsMakeAWholeModel(t *testing.T) {
	ctx, schemas := compile(t)
	var model map[string]any
	data(t, schemas, "modelDefaults", &model)
	var images, gpu map[string]any
	data(t, schemas, "imageDefaults", &images)
	data(t, schemas, "gpuDefaults", &gpu)
	gpu["class"] = "a10g"
	for _, runtime := range []string{"onnx", "triton"} {
		whole := map[string]any{
			"version":   "1",
			"runtime":   runtime,
			"image":     images[runtime],
			"artifact":  map[string]any{"uri": "s3://acme-models/x/1", "sha256": strings.Repeat("0", 64)},
			"gpu":       gpu,
			"resources": map[string]any{"cpu": "1", "memory": "1Gi"},
		}
		maps.Copy(whole, model)
		if err := check(ctx, schemas, "#EffectiveModel", whole); err != nil {
			t.Errorf("%s: %s", runtime, errors.Details(err, nil))
		}
	}
}
