package serving

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// ConfigMap says what the model is and how it batches. The server reads the
// batching from it; name and version are there for people and tools that want one
// small object to ask, while the server gets its own from the pod (see
// serverEnvironment).
//
// It keeps one name for ever. A name by content hash would also start a rollout,
// but makes every new version look like the deletion of an object; the hash in the
// pod template's annotation does the same without.
func ConfigMap(p *fleet.Placement, m *fleet.Model) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: object.ModelMeta(p, m),
		Data:       configData(m),
	}
}

func configData(m *fleet.Model) map[string]string {
	return map[string]string{
		contract.EnvModelName:     m.Served(),
		contract.EnvModelVersion:  m.Spec.Version,
		contract.EnvMaxBatchSize:  strconv.Itoa(int(m.Spec.Batching.MaxSize)),
		contract.EnvMaxQueueDelay: m.Spec.Batching.MaxDelay.Duration.String(),
	}
}

// configHash is 16 hex digits that change with the data. Pods read a ConfigMap
// once, when they start: without a new hash a new batch size would reach them at
// some later restart, one by one.
func configHash(m *fleet.Model) string {
	data, err := json.Marshal(configData(m)) // sorts the keys
	if err != nil {
		panic("a map of strings always marshals: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
