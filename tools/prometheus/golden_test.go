package prometheus

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const golden = "../../golden"

// object is what these tests read of a Kubernetes object.
type object struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name      string            `yaml:"name"`
		Namespace string            `yaml:"namespace"`
		Labels    map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec yaml.Node         `yaml:"spec"`
	Data map[string]string `yaml:"data"`
}

// manifests calls with every object of all clusters, and its file.
func manifests(t *testing.T, with func(path string, o object)) {
	t.Helper()
	paths, err := filepath.Glob(golden + "/manifests/*/*/models/manifests.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no manifests below %s: %v", golden, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		for {
			var o object
			err := decoder.Decode(&o)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			with(path, o)
		}
	}
}

// ruleFile is the rules of one model in one cluster, in the form that Prometheus reads.
type ruleFile struct {
	path string // of the manifests
	subject
	Groups []ruleGroup `yaml:"groups"`
}

type ruleGroup struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
	Rules  []rule            `yaml:"rules"`
}

type rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// ruleFiles are those of every model in every cluster: all of a model's PrometheusRules
// together, as the Prometheus Operator gives them to Prometheus.
func ruleFiles(t *testing.T) []*ruleFile {
	t.Helper()
	var files []*ruleFile
	byModel := map[string]*ruleFile{}
	manifests(t, func(path string, o object) {
		if o.Kind != "PrometheusRule" {
			return
		}
		tenant, model := o.Metadata.Labels["mlfleet.dev/tenant"], o.Metadata.Labels["mlfleet.dev/model"]
		key := path + " " + model
		if byModel[key] == nil {
			byModel[key] = &ruleFile{path: path, subject: subject{tenant: tenant, model: model}}
			files = append(files, byModel[key])
		}
		var part ruleFile
		if err := o.Spec.Decode(&part); err != nil {
			t.Fatalf("%s: %s: %v", path, o.Metadata.Name, err)
		}
		byModel[key].Groups = append(byModel[key].Groups, part.Groups...)
	})
	if len(files) == 0 {
		t.Fatal("no PrometheusRule in " + golden)
	}
	for _, f := range files {
		f.learn(t)
	}
	return files
}

var numbers = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?\b`)

// shape is the rules without names and numbers. Files of one shape differ in nothing that
// could make one right and another wrong, so that one of them is tried out.
func (f *ruleFile) shape(t *testing.T) string {
	t.Helper()
	text, err := yaml.Marshal(f.Groups)
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.NewReplacer(f.tenant, "TENANT", f.model, "MODEL").Replace(string(text))
	return numbers.ReplaceAllString(bare, "N")
}

// shapes are one file of each shape.
func shapes(t *testing.T) []*ruleFile {
	t.Helper()
	seen := map[string]bool{}
	var out []*ruleFile
	for _, f := range ruleFiles(t) {
		if shape := f.shape(t); !seen[shape] {
			seen[shape] = true
			out = append(out, f)
		}
	}
	return out
}
