package fleet

import (
	"cmp"
	"slices"
)

// Region is one cloud region with its clusters (regions/<name>.yaml).
type Region struct {
	Name string
	Position
	Cloud    string   // the cloud's own name of it: us-east-1
	Zones    []string // availability zones: us-east-1a
	Clusters []*Cluster
	// Partial says that clusters are missing, because what the file says of them is wrong.
	// No region of a fleet that is rendered is.
	Partial bool
}

// Identity says how a pod gets its AWS credentials.
type Identity string

// The identity modes of EKS.
const (
	// IRSA is IAM Roles for Service Accounts: an annotation names the role.
	IRSA Identity = "irsa"
	// PodIdentity is EKS Pod Identity: an association outside the cluster's
	// objects names the role; pods reach the agent at 169.254.170.23.
	PodIdentity Identity = "pod-identity"
)

// Autoscaler says who adds and removes nodes.
type Autoscaler string

// The node autoscalers; they name a node's capacity type differently.
const (
	Karpenter         Autoscaler = "karpenter"
	ClusterAutoscaler Autoscaler = "cluster-autoscaler"
)

// Cluster is one EKS cluster: one blast radius.
type Cluster struct {
	Name        string
	Region      *Region
	Environment *Environment
	Spec        ClusterSpec
	Position
	// Origins tells where each value of Spec stands.
	Origins Origins
}

// ClusterSpec is a cluster as its region's file describes it.
type ClusterSpec struct {
	ArgoCD Destination `json:"argocd"`
	// Version is the Kubernetes minor version: "1.36".
	Version string `json:"version"`
	// Account is the AWS account, 12 digits.
	Account       string         `json:"account"`
	Identity      Identity       `json:"identity"`
	Autoscaler    Autoscaler     `json:"autoscaler"`
	Ingress       Ingress        `json:"ingress"`
	Observability Observability  `json:"observability"`
	Scaling       ClusterScaling `json:"scaling,omitzero"`
	Endpoints     Endpoints      `json:"endpoints"`
	// Secrets is nil where the cluster has no secret store.
	Secrets *SecretStore `json:"secrets,omitempty"`
	// ObjectStore is nil where artifacts are in S3.
	ObjectStore *ObjectStore `json:"objectStore,omitempty"`
	GPUPools    []*GPUPool   `json:"gpuPools"`
	// Nodes are those that Karpenter makes; nil = its defaults.
	Nodes *Nodes `json:"nodes,omitempty"`
}

// Nodes are what the nodes that Karpenter makes have in common.
type Nodes struct {
	// Image is the EKS image by family and release: "al2023@v20261105"; empty = the
	// newest release of al2023.
	Image string `json:"image,omitempty"`
	// Role is the name of the nodes' IAM role; empty = KarpenterNodeRole-<cluster>.
	Role string `json:"role,omitempty"`
}

// Ingress is the way into the cluster. Requests reach the pods either from the
// pods of a gateway (Namespace) or straight from a load balancer's subnets
// (CIDRs); exactly one is set.
type Ingress struct {
	// Hostname is the DNS name below which the cluster's models are reached.
	Hostname  string   `json:"hostname"`
	Namespace string   `json:"namespace,omitempty"`
	CIDRs     []string `json:"cidrs,omitempty"`
	// Class is the GatewayClass of the gateway's pods; "" means Istio's.
	Class string `json:"class,omitempty"`
	// TLS is nil where nothing terminates TLS.
	TLS *IngressTLS `json:"tls,omitempty"`
	// Public is nil where the internet has no way in.
	Public *PublicIngress `json:"public,omitempty"`
}

// Observability says where the cluster's Prometheus runs, and where traces and logs go.
type Observability struct {
	Namespace string `json:"namespace"`
	// Release is the label "release" by which Prometheus selects its monitors; may be empty.
	Release string `json:"release,omitempty"`
	// Prometheus is where Prometheus answers, as a URL; may be empty, see PrometheusURL.
	Prometheus string `json:"prometheus,omitempty"`
	// Traces is nil where there is no collector.
	Traces *Traces `json:"traces,omitempty"`
	// Logs is nil where mlfleet sends none anywhere.
	Logs *Logs `json:"logs,omitempty"`
}

// PrometheusURL is where the cluster's Prometheus answers. Without a word about it
// that is the Service which the prometheus-operator makes for every Prometheus of a
// namespace.
func (o Observability) PrometheusURL() string {
	return cmp.Or(o.Prometheus, "http://prometheus-operated."+o.Namespace+".svc:9090")
}

// Endpoints are the literal address ranges that tenants may reach: the object store on
// its port, the others on port 443.
type Endpoints struct {
	// ObjectStore is empty where the store's pods are in the cluster.
	ObjectStore []string `json:"objectStore,omitempty"`
	// STS is needed by IRSA only.
	STS []string `json:"sts,omitempty"`
	// NodeLocalDNS is the address of a node-local DNS cache, as a CIDR; may be empty.
	NodeLocalDNS string `json:"nodeLocalDNS,omitempty"`
}

// CapacityType is how AWS sells a node.
type CapacityType string

// The capacity types.
const (
	OnDemand CapacityType = "on-demand"
	Spot     CapacityType = "spot"
	Reserved CapacityType = "reserved"
)

// GPUPool is a set of like GPU nodes of a cluster.
type GPUPool struct {
	Name          string         `json:"name"`
	Class         string         `json:"class"` // what models ask for: a10g
	InstanceTypes []string       `json:"instanceTypes"`
	MaxNodes      int            `json:"maxNodes"`
	CapacityTypes []CapacityType `json:"capacityTypes"`
	// MIG is the partition of each GPU: profile → instances; nil = whole GPUs.
	MIG map[string]int `json:"mig,omitempty"`
	// Sharing says that several pods use a GPU at once; nil = they do not.
	Sharing *PoolSharing `json:"sharing,omitempty"`
	// MemoryGiB is the memory of each of its GPUs, which its class tells; 0 where
	// nobody knows the class.
	MemoryGiB int `json:"-"`
}

// PoolSharing is a pool whose GPUs have no isolation between pods, and which is
// therefore dedicated to one tenant (its nodes are tainted for it).
type PoolSharing struct {
	Mode     string `json:"mode"`     // mps | time-slicing
	Replicas int    `json:"replicas"` // pods a GPU
	Tenant   string `json:"tenant"`
}

const (
	// GPUMemoryVisible is the share of a GPU's memory that CUDA can use at least
	// (cue/catalogue.cue), in percent.
	GPUMemoryVisible = 90
	// GPUMemoryOverhead is what a server takes of a GPU beside the memory that it
	// manages itself, in bytes: the CUDA context and the libraries' handles, 700 MiB
	// on an H100 (docs/contract.md).
	GPUMemoryOverhead = 768 << 20
	// GPUMemoryLeast is the least that a server on a shared GPU can do anything with.
	GPUMemoryLeast = 512 << 20
)

// MemoryShare is the bytes that each server may manage itself where so many pods share
// a GPU of the pool, so that none takes another's: an equal part of the GPU, without
// what CUDA takes. Negative where that is more.
func (p *GPUPool) MemoryShare(pods int) int64 {
	const step = 64 << 20 // round numbers are easier to read
	visible := int64(p.MemoryGiB) << 30 / 100 * GPUMemoryVisible
	return (visible/int64(pods) - GPUMemoryOverhead) / step * step
}

// Offers says whether the pool can run a replica that asks for g on behalf of tenant.
func (p *GPUPool) Offers(g *GPU, capacity CapacityType, tenant string) bool {
	if p.Class != g.Class {
		return false
	}
	if capacity != "" && !slices.Contains(p.CapacityTypes, capacity) {
		return false
	}
	switch {
	case g.MIGProfile() != "":
		return p.MIG[g.MIGProfile()] > 0
	case g.Shared():
		return p.Sharing != nil && p.Sharing.Mode == g.Sharing && p.Sharing.Tenant == tenant
	default:
		return p.MIG == nil && p.Sharing == nil
	}
}

// InstanceType is an AWS GPU instance type of the catalogue (cue/catalogue.cue).
type InstanceType struct {
	Name         string   `json:"-"`
	Class        string   `json:"class"`        // the GPU: a10g
	GPUs         int      `json:"gpus"`         // GPUs a node
	GPUMemoryGiB int      `json:"gpuMemoryGiB"` // memory of one GPU
	MIGProfiles  []string `json:"migProfiles,omitempty"`
	VCPU         int      `json:"vcpu"`
	MemoryGiB    int      `json:"memoryGiB"`
	// USDPerHour is the on-demand list price for Linux in us-east-1.
	USDPerHour float64 `json:"usdPerHour"`
}

// GPUClass is a class of GPU of the catalogue.
type GPUClass struct {
	MemoryGiB int `json:"memoryGiB"`
	// MIG are the profiles that a GPU of the class can be partitioned into.
	MIG map[string]MIGSize `json:"mig"`
}

// A GPU has seven compute and eight memory slices to partition (NVIDIA MIG user guide).
const (
	MIGComputeSlices = 7
	MIGMemorySlices  = 8
)

// MIGSize is what one instance of a profile takes of its GPU, in slices.
type MIGSize struct {
	Compute int `json:"compute"`
	Memory  int `json:"memory"`
}
