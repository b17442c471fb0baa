// Package jsondoc reads JSON documents on which it depends whether an image may
// run, and refuses those that two readers could read differently.
//
// JSON says nothing about a field that stands twice: Go takes the last, others the
// first, and Go takes "Passed" for "passed" where others see a field that nobody
// knows. A signature covers the bytes and not what somebody reads in them. So a
// document here is one, is complete, and has each field once, whatever the case of
// its letters.
package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Decode reads the one document that data is.
func Decode[T any](data []byte) (*T, error) {
	return decode[T](data, json.NewDecoder(bytes.NewReader(data)))
}

// DecodeStrict is Decode, and refuses fields that T has not.
func DecodeStrict[T any](data []byte) (*T, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decode[T](data, decoder)
}

func decode[T any](data []byte, decoder *json.Decoder) (*T, error) {
	value := new(T)
	if err := decoder.Decode(value); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("it is cut off after %d bytes", len(data))
	} else if err != nil {
		return nil, fmt.Errorf("it is no such JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON document")
	}
	if err := once(data); err != nil {
		return nil, err
	}
	return value, nil
}

// level is an object or list that the reader is in.
type level struct {
	fields map[string]bool // of an object, folded; nil: a list
	value  bool            // in an object: a field's value comes next
}

// once refuses a field that stands twice in one object. data is valid JSON.
func once(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var levels []level
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is no such JSON: %w", err)
		}
		if field, ok := token.(string); ok && len(levels) > 0 {
			if l := &levels[len(levels)-1]; l.fields != nil && !l.value {
				key := fold(field)
				if l.fields[key] {
					return fmt.Errorf("the field %.100q stands twice", field)
				}
				l.fields[key], l.value = true, true
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{fields: map[string]bool{}})
			continue
		case json.Delim('['):
			levels = append(levels, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
		// A value has ended.
		if len(levels) > 0 {
			levels[len(levels)-1].value = false
		}
	}
}

// fold makes one word of all that encoding/json takes for the same field: it
// compares under Unicode's simple folding.
func fold(field string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, field)
}
