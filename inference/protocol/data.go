package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// data reads the JSON elements of a tensor into bytes. They may be one flat
// array, or arrays nested as the shape says.
type data struct {
	scan  *scanner
	typ   tensor.Type
	shape []int64
	out   []byte
}

func (d *data) read(elements int) error {
	if d.typ == tensor.FP16 {
		return errors.New("FP16 has no JSON form; send binary data")
	}
	// An element takes at least two bytes of JSON. Checked before memory is
	// taken, because the shape is only what the client claims.
	if elements > len(d.scan.b)/2+1 {
		return fmt.Errorf("shape %v has %d elements, the data has fewer", d.shape, elements)
	}
	return d.array(0, elements)
}

func (d *data) array(level, elements int) error {
	s := d.scan
	if err := s.expect('[', "an array"); err != nil {
		return err
	}
	nested := s.peek() == '['
	want := elements // a flat array, or the innermost of nested ones
	switch {
	case nested && level+1 >= len(d.shape):
		return fmt.Errorf("the data nest deeper than the shape %v", d.shape)
	case nested:
		want = int(d.shape[level])
	case level > 0 && level+1 != len(d.shape):
		return fmt.Errorf("the data nest %d deep, the shape %v does not", level+1, d.shape)
	}
	got := 0
	for s.peek() != ']' {
		if got > 0 {
			if err := s.expect(',', "a comma or the end of the array"); err != nil {
				return err
			}
		}
		if got++; got > want {
			return fmt.Errorf("more than %d elements where the shape %v wants that many", want, d.shape)
		}
		var err error
		if nested {
			err = d.array(level+1, elements/want)
		} else {
			err = d.element()
		}
		if err != nil {
			return err
		}
	}
	s.i++
	if got != want {
		return fmt.Errorf("%d elements, the shape %v wants %d", got, d.shape, want)
	}
	return nil
}

func (d *data) element() error {
	if d.typ == tensor.Bool {
		v, err := d.scan.boolean()
		if v {
			d.out = append(d.out, 1)
		} else {
			d.out = append(d.out, 0)
		}
		return err
	}
	text, integer, err := d.scan.number()
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	switch d.typ {
	case tensor.FP32:
		f, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return d.outOfRange(text)
		}
		d.out = le.AppendUint32(d.out, math.Float32bits(float32(f)))
		return nil
	case tensor.FP64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return d.outOfRange(text)
		}
		d.out = le.AppendUint64(d.out, math.Float64bits(f))
		return nil
	}
	bits, ok := parseInt(text, d.typ)
	if !integer || !ok {
		return d.outOfRange(text)
	}
	switch d.typ.Size() {
	case 1:
		d.out = append(d.out, byte(bits))
	case 2:
		d.out = le.AppendUint16(d.out, uint16(bits))
	case 4:
		d.out = le.AppendUint32(d.out, uint32(bits))
	default:
		d.out = le.AppendUint64(d.out, bits)
	}
	return nil
}

func (d *data) outOfRange(text string) error {
	return fmt.Errorf("%.40s is not a value of %s", text, d.typ)
}

// parseInt reads an integer that type t can hold, as the bits of its two's
// complement.
func parseInt(text string, t tensor.Type) (bits uint64, ok bool) {
	size := uint(8 * t.Size())
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	n, ok := parseUint(text)
	if !ok {
		return 0, false
	}
	switch t {
	case tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64:
		return n, (!negative || n == 0) && n <= math.MaxUint64>>(64-size)
	}
	limit := uint64(1) << (size - 1)
	if negative {
		return -n, n <= limit
	}
	return n, n < limit
}

// parseUint reads digits. It is strconv.ParseUint without the error, which
// would keep the text and so force a copy of every number.
func parseUint(text string) (n uint64, ok bool) {
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 || n > (math.MaxUint64-uint64(c))/10 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, len(text) > 0
}
