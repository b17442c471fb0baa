package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// IAM refuses role names over 64 characters (IAM user guide, "IAM and STS quotas").
const maxRoleName = 64

// RoleName is the name of the IAM role that a tenant's pods take in a cluster.
func RoleName(tenant *Tenant, cluster *Cluster) string {
	return Shorten("mlfleet-"+tenant.Name+"-"+cluster.Name, maxRoleName)
}

// RoleARN is the ARN of that role.
func RoleARN(tenant *Tenant, cluster *Cluster) string {
	return "arn:aws:iam::" + cluster.Spec.Account + ":role/" + RoleName(tenant, cluster)
}

// SecretsRoleARN is the ARN of the IAM role by which a tenant's secrets in a cluster are
// read. It is not the pods' role, so that no pod can read a secret that its model did
// not ask for. All such roles begin alike, and as no other does: "mlfleet-secrets.".
func SecretsRoleARN(tenant *Tenant, cluster *Cluster) string {
	name := Shorten("mlfleet-secrets."+tenant.Name+"-"+cluster.Name, maxRoleName)
	return "arn:aws:iam::" + cluster.Spec.Account + ":role/" + name
}

// PriorityClass is the name of a tier's PriorityClass.
func PriorityClass(tier string) string { return "mlfleet-" + tier }

// Shorten returns name where it has at most limit characters. A longer one is cut
// and ends in eight hex digits of its sha256, so that two long names stay two.
func Shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	suffix := "-" + hex.EncodeToString(sum[:4])
	return strings.TrimRight(name[:limit-len(suffix)], "-.") + suffix
}
