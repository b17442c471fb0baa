package argocd

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Shard is the folder below golden/argocd/tenants that a tenant belongs to: a number
// from 0 to one less than the fleet's shards, padded with zeros to a common width. It
// depends on the tenant's name and the number of shards alone.
func Shard(f *fleet.Fleet, tenant string) string {
	sum := sha256.Sum256([]byte(tenant))
	return shardName(f, jump(binary.BigEndian.Uint64(sum[:8]), shards(f)))
}

func shards(f *fleet.Fleet) int { return max(f.Spec.ArgoCD.Shards, 1) }

func shardName(f *fleet.Fleet, shard int) string {
	width := max(2, len(strconv.Itoa(shards(f)-1)))
	return fmt.Sprintf("%0*d", width, shard)
}

// jump is the jump consistent hash of Lamping and Veach ("A Fast, Minimal Memory,
// Consistent Hash Algorithm", 2014): from n to n+1 buckets only one key in n+1 moves, and
// it moves to the new one. A modulus would move nearly every tenant's folder.
func jump(key uint64, buckets int) int {
	bucket, next := int64(-1), int64(0)
	for next < int64(buckets) {
		bucket = next
		key = key*2862933555777941757 + 1
		next = int64(float64(bucket+1) * (float64(1<<31) / float64(key>>33+1)))
	}
	return int(bucket)
}
