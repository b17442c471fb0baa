package pools

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

const (
	nodeClassGroup = "karpenter.k8s.aws"
	nodeClassKind  = "EC2NodeClass"
)

// EC2NodeClass is the part of karpenter.k8s.aws/v1 that we write.
type EC2NodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              EC2NodeClassSpec `json:"spec"`
}

// EC2NodeClassSpec is what AWS has to know to start a node.
type EC2NodeClassSpec struct {
	AMISelectorTerms                 []AMISelectorTerm    `json:"amiSelectorTerms"`
	Role                             string               `json:"role"`
	SubnetSelectorTerms              []TagSelectorTerm    `json:"subnetSelectorTerms"`
	SecurityGroupSelectorTerms       []TagSelectorTerm    `json:"securityGroupSelectorTerms"`
	CapacityReservationSelectorTerms []TagSelectorTerm    `json:"capacityReservationSelectorTerms,omitempty"`
	BlockDeviceMappings              []BlockDeviceMapping `json:"blockDeviceMappings"`
	InstanceStorePolicy              string               `json:"instanceStorePolicy"`
	MetadataOptions                  MetadataOptions      `json:"metadataOptions"`
	Tags                             map[string]string    `json:"tags"`
}

// AMISelectorTerm chooses an image by family and release.
type AMISelectorTerm struct {
	Alias string `json:"alias"`
}

// TagSelectorTerm chooses things of AWS by their tags.
type TagSelectorTerm struct {
	Tags map[string]string `json:"tags"`
}

// BlockDeviceMapping is a volume of a node.
type BlockDeviceMapping struct {
	DeviceName string      `json:"deviceName"`
	RootVolume bool        `json:"rootVolume"`
	EBS        BlockDevice `json:"ebs"`
}

// BlockDevice is a volume's kind and size.
type BlockDevice struct {
	VolumeType          string `json:"volumeType"`
	VolumeSize          string `json:"volumeSize"`
	Encrypted           bool   `json:"encrypted"`
	DeleteOnTermination bool   `json:"deleteOnTermination"`
}

// MetadataOptions say who may ask the instance's metadata service.
type MetadataOptions struct {
	HTTPEndpoint            string `json:"httpEndpoint"`
	HTTPProtocolIPv6        string `json:"httpProtocolIPv6"`
	HTTPPutResponseHopLimit int64  `json:"httpPutResponseHopLimit"`
	HTTPTokens              string `json:"httpTokens"`
}

const (
	// tagDiscovery is on the subnets and security groups of a cluster's nodes, with the
	// cluster's name ("Getting Started with Karpenter").
	tagDiscovery = "karpenter.sh/discovery"
	// tagPool is on a pool's instances, and on the capacity reservations that are for it.
	tagPool = "mlfleet.dev/gpu-pool"

	// newestImage is taken where no release is named.
	newestImage = "al2023@latest"

	// rootVolume holds the system and the images, of which those for GPUs have many
	// gigabytes. Models lie on the instance's own disks where it has some.
	rootVolume = "200Gi"
)

// EC2NodeClasses are one for each GPU pool of a cluster in which Karpenter makes the nodes.
func EC2NodeClasses(c *fleet.Cluster) []*EC2NodeClass {
	var out []*EC2NodeClass
	for _, pool := range karpenterPools(c) {
		out = append(out, ec2NodeClass(c, pool))
	}
	return out
}

func ec2NodeClass(c *fleet.Cluster, pool *fleet.GPUPool) *EC2NodeClass {
	nodes := cmp.Or(c.Spec.Nodes, &fleet.Nodes{})
	discovered := []TagSelectorTerm{{Tags: map[string]string{tagDiscovery: c.Name}}}
	class := &EC2NodeClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: nodeClassGroup + "/v1", Kind: nodeClassKind},
		ObjectMeta: object.PlatformMeta(pool.Name),
		Spec: EC2NodeClassSpec{
			AMISelectorTerms:           []AMISelectorTerm{{Alias: cmp.Or(nodes.Image, newestImage)}},
			Role:                       cmp.Or(nodes.Role, "KarpenterNodeRole-"+c.Name),
			SubnetSelectorTerms:        discovered,
			SecurityGroupSelectorTerms: discovered,
			BlockDeviceMappings: []BlockDeviceMapping{{
				DeviceName: "/dev/xvda",
				RootVolume: true,
				EBS:        BlockDevice{VolumeType: "gp3", VolumeSize: rootVolume, Encrypted: true, DeleteOnTermination: true},
			}},
			// The instance's own disks, as one, are what pods' volumes are on: downloads and
			// loads are then not bound by the root volume's bandwidth.
			InstanceStorePolicy: "RAID0",
			MetadataOptions:     closedMetadata(),
			Tags:                poolTags(c, pool),
		},
	}
	if slices.Contains(pool.CapacityTypes, fleet.Reserved) {
		class.Spec.CapacityReservationSelectorTerms = []TagSelectorTerm{{Tags: poolTags(c, pool)}}
	}
	return class
}

// closedMetadata lets the node ask the metadata service, with a session token, and no
// pod on it: an answer does not survive the hop into a pod's network. A pod that could
// ask would get the node's credentials.
func closedMetadata() MetadataOptions {
	return MetadataOptions{HTTPEndpoint: "enabled", HTTPProtocolIPv6: "disabled", HTTPPutResponseHopLimit: 1, HTTPTokens: "required"}
}

func poolTags(c *fleet.Cluster, pool *fleet.GPUPool) map[string]string {
	return map[string]string{object.LabelCluster: c.Name, tagPool: pool.Name}
}
