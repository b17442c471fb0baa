package schemas

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"go.yaml.in/yaml/v3"
)

// definition is the name of the definition that a kind of document must satisfy.
func definition(kind string) string { return "#" + kind }

// sampleDocuments returns the sample fleet's inputs by path.
func sampleDocuments(tb testing.TB) map[string]map[string]any {
	tb.Helper()
	docs := map[string]map[string]any{}
	root := os.DirFS("..")
	for _, start := range []string{"fleet.yaml", "regions", "environments", "tenants"} {
		err := fs.WalkDir(root, start, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			data, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			docs[path] = decode(tb, data)
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return docs
}

func decode(tb testing.TB, data []byte) map[string]any {
	tb.Helper()
	var doc map[string]any
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil {
		tb.Fatal(err)
	}
	return doc
}

func compile(tb testing.TB) (*cue.Context, cue.Value) {
	tb.Helper()
	ctx := cuecontext.New()
	schemas, err := Build(ctx)
	if err != nil {
		tb.Fatal(errors.Details(err, nil))
	}
	return ctx, schemas
}

func check(ctx *cue.Context, schemas cue.Value, definition string, doc any) error {
	def := schemas.LookupPath(cue.ParsePath(definition))
	if err := def.Err(); err != nil {
		return err
	}
	return def.Unify(ctx.Encode(doc)).Validate(cue.Concrete(true))
}

// The sample fleet must pass, or the first thing a newcomer runs fails.
func TestSampleFleetPasses(t *testing.T) {
	ctx, schemas := compile(t)
	docs := sampleDocuments(t)
	kinds := map[string]int{}
	for path, doc := range docs {
		kind, _ := doc["kind"].(string)
		kinds[kind]++
		if err := check(ctx, schemas, definition(kind), doc); err != nil {
			t.Errorf("%s:\n%s", path, errors.Details(err, nil))
		}
	}
	for _, kind := range []string{"Fleet", "Environment", "ImagePins", "Region", "Tenant", "Model"} {
		if kinds[kind] == 0 {
			t.Errorf("the sample fleet holds no %s", kind)
		}
	}
}
