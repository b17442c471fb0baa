package fleet

// Tenant is one customer of the platform: what the platform agreed with it, and its models.
type Tenant struct {
	Name string
	Position
	Spec TenantSpec
	// Origins tells where each value of Spec stands.
	Origins Origins
	// Placements are the tenant in each of its clusters, sorted by cluster name.
	Placements []*Placement
	// Lost are the models, by name, that are missing from placements because their settings
	// there are wrong. In a fleet that is rendered there are none.
	Lost map[string]bool
	// Base is the tenant in no cluster in particular: no environment, no
	// region, no override. What overlays share is rendered from it.
	Base *Placement
}

// TenantSpec is the platform's side of the agreement (tenants/<name>/tenant.yaml).
type TenantSpec struct {
	DisplayName string          `json:"displayName"`
	CostCenter  string          `json:"costCenter"`
	Owners      []Owner         `json:"owners"`
	Tier        string          `json:"tier"`
	Placement   TenantPlacement `json:"placement"`
	Quota       Quota           `json:"quota"`
	Allow       Allow           `json:"allow,omitzero"`
}

// Owner is a group of people who answer for a tenant.
type Owner struct {
	Group   string `json:"group"`   // as the cluster's authenticator names it
	Contact string `json:"contact"` // an e-mail address
	// Alerts is nil where the owner wants none.
	Alerts *Alerts `json:"alerts,omitempty"`
}

// TenantPlacement is where a tenant (or one of its models) runs: in the
// clusters whose environment and region are both listed.
type TenantPlacement struct {
	Environments []string `json:"environments,omitempty"`
	Regions      []string `json:"regions,omitempty"`
}

// Quota is the most a tenant may use in one cluster.
type Quota struct {
	GPUs       int            `json:"gpus"`       // whole GPUs
	SharedGPUs int            `json:"sharedGpus"` // shares of GPUs under MPS or time-slicing
	MIG        map[string]int `json:"mig,omitempty"`
	CPU        Quantity       `json:"cpu"`
	Memory     Quantity       `json:"memory"`
	// Storage is the size of all volumes of models together.
	Storage Quantity `json:"storage,omitzero"`
}

// Allow is what a tenant may do beyond serving: each entry opens one way out.
type Allow struct {
	// Public lets the tenant's models be reached from the internet.
	Public bool     `json:"public,omitempty"`
	Egress []Egress `json:"egress,omitempty"`
}

// Egress is a named way out of the tenant's namespace.
type Egress struct {
	Name  string   `json:"name"`
	CIDRs []string `json:"cidrs"`
	Port  int32    `json:"port"` // TCP
}

// Namespace is the namespace that the tenant has in each of its clusters.
func (t *Tenant) Namespace() string { return "tenant-" + t.Name }

// Group is the group that the tenant's labels and read access name first.
func (t *Tenant) Group() string { return t.Spec.Owners[0].Group }

// Placement returns the tenant in the named cluster, or nil.
func (t *Tenant) Placement(cluster string) *Placement {
	return byName(t.Placements, cluster, func(p *Placement) string { return p.Cluster.Name })
}

// Placement is one tenant in one cluster, with its models as they run there.
type Placement struct {
	Tenant *Tenant
	// Cluster is nil in a tenant's Base.
	Cluster *Cluster
	// Models run in this cluster, sorted by name.
	Models []*Model
}

// Tier is the tenant's tier in the placement's environment; the zero Tier in a Base.
func (p *Placement) Tier() Tier {
	if p.Cluster == nil {
		return Tier{}
	}
	return p.Cluster.Environment.Spec.Tiers[p.Tenant.Spec.Tier]
}
