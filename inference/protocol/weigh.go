package protocol

import "google.golang.org/protobuf/encoding/protowire"

// maxParts bounds the inputs, outputs, raw contents and parameters of a gRPC
// request together. Each takes two bytes of a message and a hundred of memory.
const maxParts = 4096

// partSize is more than any of them takes, its own bytes aside.
const partSize = 256

// Weigh says about how much memory a ModelInferRequest takes when it is decoded,
// from its encoding, which may be much smaller. It refuses what no request of
// this server needs and what would take most: bytes_contents, 24 bytes of memory
// for two of the message, and thousands of parts. What is no protobuf it leaves
// to the decoder, which says so.
func Weigh(message []byte) (bytes int64, err error) {
	var w weight
	err = eachField(message, w.request)
	return w.bytes, err
}

type weight struct {
	bytes int64
	parts int
}

// eachField calls field for each field of a message up to its end, or up to where
// it is malformed. v is the value, without its length if it has one.
func eachField(b []byte, field func(num protowire.Number, typ protowire.Type, v []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return nil
		}
		v := b[:n]
		if typ == protowire.BytesType {
			v, _ = protowire.ConsumeBytes(v)
		}
		if err := field(num, typ, v); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (w *weight) request(num protowire.Number, _ protowire.Type, v []byte) error {
	w.plain(v)
	switch num {
	case 4, 7: // parameters, raw_input_contents
		return w.part()
	case 5: // inputs
		if err := w.part(); err != nil {
			return err
		}
		w.bytes -= int64(len(v)) // weighed in its parts
		return eachField(v, w.input)
	case 6: // outputs
		if err := w.part(); err != nil {
			return err
		}
		return eachField(v, w.output)
	}
	return nil
}

func (w *weight) input(num protowire.Number, typ protowire.Type, v []byte) error {
	switch num {
	case 3: // shape
		w.elements(typ, v, 8)
	case 4: // parameters
		w.plain(v)
		return w.part()
	case 5: // contents
		return eachField(v, w.contents)
	default:
		w.plain(v)
	}
	return nil
}

func (w *weight) output(num protowire.Number, _ protowire.Type, _ []byte) error {
	if num == 2 { // parameters
		return w.part()
	}
	return nil
}

func (w *weight) contents(num protowire.Number, typ protowire.Type, v []byte) error {
	switch num {
	case 1: // bool_contents
		w.elements(typ, v, 1)
	case 2, 4: // int_contents, uint_contents
		w.elements(typ, v, 4)
	case 3, 5: // int64_contents, uint64_contents
		w.elements(typ, v, 8)
	case 8: // bytes_contents
		return bad("bytes_contents are not supported, and neither is the datatype BYTES")
	default: // fixed size elements are as large in memory
		w.plain(v)
	}
	return nil
}

// elements weighs varints, of which each becomes an element of so many bytes.
func (w *weight) elements(typ protowire.Type, v []byte, size int64) {
	if typ != protowire.BytesType { // one, appended to a slice that doubles
		w.bytes += 2 * size
		return
	}
	n := int64(0)
	for _, c := range v {
		if c < 0x80 { // the last byte of a varint
			n++
		}
	}
	w.bytes += n * size
}

func (w *weight) plain(v []byte) { w.bytes += int64(len(v)) + 16 }

func (w *weight) part() error {
	w.bytes += partSize
	if w.parts++; w.parts > maxParts {
		return bad("a request has at most %d inputs, outputs, raw contents and parameters together", maxParts)
	}
	return nil
}
