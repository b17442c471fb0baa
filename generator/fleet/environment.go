package fleet

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Environment is one stage of delivery (environments/<name>/).
type Environment struct {
	Name string
	Position
	Spec EnvironmentSpec
	// Origins tells where each value of Spec stands.
	Origins Origins
	// Pins are the image pins of images.yaml by the name models refer to.
	Pins map[string]*Pin
}

// EnvironmentSpec is how an environment syncs, rolls out, ranks and bounds.
type EnvironmentSpec struct {
	Rollout Rollout         `json:"rollout"`
	Traffic Traffic         `json:"traffic,omitzero"`
	Windows []SyncWindow    `json:"windows,omitempty"`
	Limits  Limits          `json:"limits"`
	Tiers   map[string]Tier `json:"tiers"`
}

// RolloutStrategy says in which order the clusters of an environment get a change.
type RolloutStrategy string

// The rollout strategies.
const (
	// RollingSync syncs the canary region first and the others when it is healthy; Argo
	// CD does not heal drift while it is in charge.
	RollingSync RolloutStrategy = "rolling-sync"
	// AllAtOnce syncs every cluster at once, and heals drift.
	AllAtOnce RolloutStrategy = "all-at-once"
)

// Rollout is how a change of a model reaches the clusters of an environment.
type Rollout struct {
	Strategy     RolloutStrategy `json:"strategy"`
	CanaryRegion string          `json:"canaryRegion,omitempty"` // rolling-sync only
	// MaxUpdate is how many of the remaining clusters sync at once: "50%" or "2"; rolling-sync only.
	MaxUpdate string `json:"maxUpdate,omitempty"`
}

// SyncWindow is a time in which Argo CD may, or may not, sync the models.
type SyncWindow struct {
	Kind     string `json:"kind"`     // allow | deny
	Schedule string `json:"schedule"` // cron, five fields
	Duration string `json:"duration"` // as in Go: 8h
	TimeZone string `json:"timeZone"` // IANA: Europe/Dublin
	// ManualSync lets a person sync while the window forbids it.
	ManualSync bool `json:"manualSync"`
}

// Limits bound what any model may ask for in an environment, a replica.
type Limits struct {
	Replicas    int             `json:"replicas"`
	GPUs        int             `json:"gpus"`
	CPU         Quantity        `json:"cpu"`
	Memory      Quantity        `json:"memory"`
	GracePeriod metav1.Duration `json:"gracePeriod"`
}

// Tier is a class of tenants: its rank and the most a tenant of it may have.
type Tier struct {
	// Priority is the value of the tier's PriorityClass, 0 … 1,000,000.
	Priority int32 `json:"priority"`
	// Models is the most models a tenant may have.
	Models int `json:"models"`
	// Quota is the most a tenant may be granted in one cluster.
	Quota Quota `json:"quota"`
}

// Pin is an image name with its digest (environments/<name>/images.yaml).
type Pin struct {
	Position `json:"-"`
	Name     string `json:"-"`      // what models refer to: inference
	Image    string `json:"image"`  // registry and repository, without tag and digest
	Tag      string `json:"tag"`    // for people; the digest decides
	Digest   string `json:"digest"` // sha256:<64 hex>
	// Unproven marks a digest of zeros: no build has made the image yet, or
	// nobody has resolved it. Reason says which.
	Unproven bool   `json:"unproven,omitempty"`
	Reason   string `json:"reason,omitempty"`
}
