package provenance

import (
	"encoding/json"
	"fmt"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
)

// validator is a predicate that knows whether it makes sense.
type validator[T any] interface {
	*T
	Validate() error
}

func encode[T any, P validator[T]](what string, value P) ([]byte, error) {
	if err := value.Validate(); err != nil {
		return nil, fmt.Errorf("writing %s: %w", what, err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", what, err)
	}
	return data, nil
}

func decode[T any, P validator[T]](what string, data []byte) (*T, error) {
	value, err := jsondoc.DecodeStrict[T](data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if err := P(value).Validate(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	return value, nil
}
