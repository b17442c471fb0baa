package schemacheck

import (
	"encoding/json"
	"fmt"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// duplicates finds elements that occur twice in a list that is declared a set or
// a map (x-kubernetes-list-type). Server-side apply, which Argo CD is told to
// use, refuses them: it could not say which of the two it owns.
func duplicates(schema *spec.Schema, value any, path string) []*Error {
	var found []*Error
	switch v := value.(type) {
	case map[string]any:
		for name, field := range v {
			inner, ok := schema.Properties[name]
			if !ok {
				if schema.AdditionalProperties == nil || schema.AdditionalProperties.Schema == nil {
					continue
				}
				inner = *schema.AdditionalProperties.Schema
			}
			fieldPath := name
			if path != "" {
				fieldPath = path + "." + name
			}
			found = append(found, duplicates(&inner, field, fieldPath)...)
		}
	case []any:
		if schema.Items == nil {
			return nil
		}
		first := map[string]int{}
		for i, element := range v {
			found = append(found, duplicates(schema.Items.Schema, element, fmt.Sprintf("%s[%d]", path, i))...)
			key, ok := listKey(schema, element)
			if !ok {
				continue
			}
			if earlier, twice := first[key]; twice {
				found = append(found, &Error{Path: fmt.Sprintf("%s[%d]", path, i), Detail: fmt.Sprintf("duplicate of element %d: %s", earlier, key)})
				continue
			}
			first[key] = i
		}
	}
	return found
}

// listKey is what identifies an element of a list that is a set or a map; false for
// any other list.
func listKey(list *spec.Schema, element any) (string, bool) {
	listType, _ := list.Extensions.GetString(extListType)
	identity := element
	switch listType {
	case "set":
	case "map":
		fields, ok := element.(map[string]any)
		if !ok {
			return "", false // the wrong type has been reported
		}
		names, _ := list.Extensions.GetStringSlice(extListKeys)
		key := map[string]any{}
		for _, name := range names {
			key[name] = fields[name]
			if key[name] == nil {
				key[name] = list.Items.Schema.Properties[name].Default
			}
		}
		identity = key
	default:
		return "", false
	}
	raw, err := json.Marshal(identity)
	return string(raw), err == nil
}
