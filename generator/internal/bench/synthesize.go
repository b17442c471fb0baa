package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The synthetic fleets run in the two clusters of this region.
const region = "us-east"

// synthesize writes a fleet with n tenants into dir: copies of the sample
// fleet's tenants, each with its own names, hosts and artifacts, in two clusters
// whose GPU pools are those of all the sample's regions together. So a thousand
// tenants use every feature that the sample uses, in its proportions.
func synthesize(sample, dir string, n int) error {
	s := synthesis{sample: sample, dir: dir}
	s.copyFile("fleet.yaml", func(root *yaml.Node) {
		at(root, "spec", "argocd", "shards").Value = fmt.Sprint(1 + n/500)
	})
	tenants := s.list("tenants")
	for _, environment := range s.list("environments") {
		s.copyFile("environments/"+environment+"/environment.yaml", func(root *yaml.Node) {
			if canary := at(root, "spec", "rollout", "canaryRegion"); canary != nil {
				canary.Value = region
			}
		})
		s.copyFile("environments/"+environment+"/images.yaml", func(*yaml.Node) {})
	}
	s.region(tenants)
	for i := range n {
		s.tenant(tenants[i%len(tenants)], i, i < len(tenants))
	}
	return s.err
}

// synthesis keeps the first error, so that the steps read as steps.
type synthesis struct {
	sample, dir string
	err         error
}

func (s *synthesis) list(dir string) []string {
	entries, err := os.ReadDir(filepath.Join(s.sample, dir))
	s.keep(err)
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && e.Name() != "README.md" {
			out = append(out, e.Name())
		}
	}
	return out
}

func (s *synthesis) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *synthesis) read(file string) *yaml.Node {
	root := &yaml.Node{}
	data, err := os.ReadFile(filepath.Join(s.sample, file))
	s.keep(err)
	s.keep(yaml.Unmarshal(data, root))
	if len(root.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return root.Content[0]
}

func (s *synthesis) write(file string, root *yaml.Node) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	s.keep(encoder.Encode(root))
	path := filepath.Join(s.dir, file)
	s.keep(os.MkdirAll(filepath.Dir(path), 0o755))
	s.keep(os.WriteFile(path, out.Bytes(), 0o644))
}

func (s *synthesis) copyFile(file string, edit func(*yaml.Node)) {
	root := s.read(file)
	edit(root)
	s.write(file, root)
}

// region gives each of the two clusters the pools of all clusters of its
// environment. A pool that is dedicated to a tenant goes to its first copy.
func (s *synthesis) region(tenants []string) {
	pools := map[string][]*yaml.Node{}
	for _, file := range s.list("regions") {
		clusters := at(s.read("regions/"+file), "spec", "clusters")
		for _, cluster := range clusters.Content {
			environment := at(cluster, "environment").Value
			for _, pool := range at(cluster, "gpuPools").Content {
				at(pool, "name").Value = fmt.Sprintf("p%d-%s", len(pools[environment]), at(pool, "class").Value)
				if tenant := at(pool, "sharing", "tenant"); tenant != nil {
					tenant.Value = copyName(tenant.Value, slices.Index(tenants, tenant.Value))
				}
				pools[environment] = append(pools[environment], pool)
			}
		}
	}
	s.copyFile("regions/"+region+".yaml", func(root *yaml.Node) {
		for _, cluster := range at(root, "spec", "clusters").Content {
			at(cluster, "gpuPools").Content = pools[at(cluster, "environment").Value]
		}
	})
}

func copyName(tenant string, i int) string { return fmt.Sprintf("%s-%04d", tenant, i) }

// tenant writes the i-th copy of a tenant of the sample.
func (s *synthesis) tenant(from string, i int, first bool) {
	name := copyName(from, i)
	root := s.read("tenants/" + from + "/tenant.yaml")
	at(root, "metadata", "name").Value = name
	at(root, "spec", "placement", "regions").Content = []*yaml.Node{scalar(region)}
	s.write("tenants/"+name+"/tenant.yaml", root)
	s.measurements(from, name)
	for _, file := range s.list("tenants/" + from + "/models") {
		root := s.read("tenants/" + from + "/models/" + file)
		model(at(root, "spec"), i, first)
		for _, override := range items(at(root, "spec", "overrides")) {
			inTwoClusters(override)
			model(override, i, first)
		}
		remove(at(root, "spec"), "placement")
		s.write("tenants/"+name+"/models/"+file, root)
	}
}

// measurements copies what was measured of a tenant's models.
func (s *synthesis) measurements(from, name string) {
	folder := filepath.Join(s.sample, "tenants", from, "traffic")
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		return
	}
	s.keep(os.CopyFS(filepath.Join(s.dir, "tenants", name, "traffic"), os.DirFS(folder)))
}

// model gives settings their own host name and artifact. Only the first copy of
// a tenant has a pool of shared GPUs; the others take whole ones. What needs a second
// region, or a gateway that counts requests for models that sleep, is left out.
func model(spec *yaml.Node, i int, first bool) {
	if expose := at(spec, "expose"); expose != nil {
		remove(expose, "dns")
	}
	if fewest := at(spec, "replicas", "min"); fewest != nil && fewest.Value == "0" {
		fewest.Value = "1"
	}
	if host := at(spec, "expose", "hostname"); host != nil {
		host.Value = fmt.Sprintf("%s-%04d", host.Value, i)
	}
	if sum := at(spec, "artifact", "sha256"); sum != nil {
		sum.Value = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %d", sum.Value, i)))
	}
	if sharing := at(spec, "gpu", "sharing"); sharing != nil && !first && !strings.HasPrefix(sharing.Value, "mig-") {
		sharing.Value = "exclusive"
	}
}

// inTwoClusters makes an override for another region one for production here.
func inTwoClusters(override *yaml.Node) {
	match := at(override, "match")
	if at(match, "region") != nil || at(match, "cluster") != nil {
		match.Content = []*yaml.Node{scalar("cluster"), scalar(region + "-production")}
	}
}

func items(list *yaml.Node) []*yaml.Node {
	if list == nil {
		return nil
	}
	return list.Content
}

func scalar(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

// at follows field names through mappings; nil where they lead nowhere.
func at(node *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		i := index(node, name)
		if i < 0 {
			return nil
		}
		node = node.Content[i+1]
	}
	return node
}

func remove(node *yaml.Node, name string) {
	if i := index(node, name); i >= 0 {
		node.Content = slices.Delete(node.Content, i, i+2)
	}
}

func index(node *yaml.Node, name string) int {
	if node == nil || node.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return i
		}
	}
	return -1
}
