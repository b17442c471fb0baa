package command

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/argocd"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/render"
)

// show is "mlfleet show".
func (a *app) show() *cobra.Command {
	var output, only string
	cmd := &cobra.Command{
		Use:   "show TENANT CLUSTER",
		Short: "Print the manifests of one tenant in one cluster",
		Long: `Show renders the inputs as they are now and prints what one tenant has in one
cluster: its guardrails, then its models. With --only it prints byte for byte what
'mlfleet generate' writes to golden/manifests/CLUSTER/TENANT/. With -o json it
prints a List, as kubectl does.`,
		Example: `  mlfleet show acme us-east-production
  mlfleet show acme us-east-production --only models
  mlfleet show acme us-east-staging -o json | jq '.items[].metadata.name'
  mlfleet show acme us-east-staging | kubectl diff -f -`,
		Args:              arguments("TENANT", "CLUSTER"),
		ValidArgsFunction: a.complete(tenantNames, clusterNames),
	}
	choose(cmd, &output, "output", "o", "print as `FORMAT`", "yaml", "json")
	choose(cmd, &only, "only", "", "print one `HALF` of the tenant", "all", argocd.ComponentGuardrails, argocd.ComponentModels)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		progress := a.progress()
		f, err := a.load(cmd.Context(), progress)
		progress.Clear()
		if err != nil {
			return err
		}
		placement, err := placement(f, cmd.CommandPath(), args[0], args[1])
		if err != nil {
			return err
		}
		var components []string
		if only != "all" {
			components = []string{only}
		}
		objects, err := render.Placement(placement, components...)
		if err != nil {
			return err
		}
		if output == "json" {
			return a.printList(objects)
		}
		_, err = a.stdout.Write(manifest.File(objects...))
		return err
	}
	return cmd
}

// placement finds a tenant in a cluster.
func placement(f *fleet.Fleet, command, tenant, cluster string) (*fleet.Placement, error) {
	t := f.Tenant(tenant)
	if t == nil {
		return nil, misused(command, "there is no tenant %q%s", tenant, mend(tenant, tenantNames(f, nil)))
	}
	if f.Cluster(cluster) == nil {
		return nil, misused(command, "there is no cluster %q%s", cluster, mend(cluster, clusterNames(f, []string{tenant})))
	}
	p := t.Placement(cluster)
	if p == nil {
		return nil, misused(command, "tenant %s does not run in cluster %s, but in %s", tenant, cluster, strings.Join(clusterNames(f, []string{tenant}), ", "))
	}
	return p, nil
}

// printList prints objects as one List.
func (a *app) printList(objects []manifest.Object) error {
	list := struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Items      []json.RawMessage `json:"items"`
	}{"v1", "List", make([]json.RawMessage, len(objects))}
	for i, o := range objects {
		item, err := yaml.YAMLToJSON(o.AppendYAML(nil))
		if err != nil {
			return fmt.Errorf("converting %s to JSON: %w", o.ID, err)
		}
		list.Items[i] = item
	}
	return a.printJSON(list)
}
