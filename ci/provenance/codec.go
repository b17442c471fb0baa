package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	value := P(new(T))
	if err := decoder.Decode(value); err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: something follows it", what)
	}
	if err := value.Validate(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	return value, nil
}
