package schemacheck

import (
	"encoding/json"
	"fmt"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// translated are the CEL rules of the vendored CRDs, by their text, that
// [Checker.Rules] checks in Go. A release that rewrites one has to be looked at.
var translated = map[string]bool{
	// rules_keda.go
	"!has(self.minReplicaCount) || self.minReplicaCount <= (has(self.maxReplicaCount) ? self.maxReplicaCount : 100)": true,
	// rules_scaling.go refuses startupBoost, which these are about.
	"(self.type == 'Factor') == has(self.factor)":     true,
	"(self.type == 'Quantity') == has(self.quantity)": true,
}

// knownCEL refuses a schema with CEL rules that nobody checks.
func knownCEL(schema *spec.Schema) error {
	extension, ok := schema.Extensions[extCEL]
	if !ok {
		return nil
	}
	raw, err := json.Marshal(extension)
	if err != nil {
		return fmt.Errorf("encoding CEL rules: %w", err)
	}
	var rules []struct{ Rule string }
	if err := json.Unmarshal(raw, &rules); err != nil {
		return fmt.Errorf("decoding CEL rules: %w", err)
	}
	for _, r := range rules {
		if !translated[r.Rule] {
			return fmt.Errorf("the schema has CEL rules (%s), which are not evaluated here: %s", extCEL, r.Rule)
		}
	}
	return nil
}
