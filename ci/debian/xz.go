package debian

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz"
)

// maxDictionary is the most memory that an xz file may ask for: what "xz -9"
// writes. The format goes to 4 GiB, and the decompressor allocates whatever a
// header of a few bytes says.
const maxDictionary = 64 << 20

// openXZ opens an xz file of one stream, as dpkg writes them.
func openXZ(raw []byte) (io.Reader, error) {
	if err := checkXZ(raw); err != nil {
		return nil, fmt.Errorf("it is no xz file that can be read: %w", err)
	}
	return xz.ReaderConfig{SingleStream: true}.NewReader(bytes.NewReader(raw))
}

var errTruncated = errors.New("it is truncated")

// checkXZ goes from block to block as the decompressor will, without unpacking,
// and checks the dictionary of each. (The index at the end of the file lists the
// blocks too, but need not tell the truth.) The names are those of "The .xz File
// Format", version 1.2.1, and of LZMA2's chunks in its reference decoder.
func checkXZ(raw []byte) error {
	const streamHeader = 12
	if len(raw) < streamHeader || !bytes.HasPrefix(raw, []byte("\xfd7zXZ\x00\x00")) {
		return errors.New("it has no stream header")
	}
	check := checkSizes[raw[7]&0x0f]
	for at := streamHeader; ; {
		if at >= len(raw) {
			return errTruncated
		}
		if raw[at] == 0 {
			return nil // the index begins
		}
		size := (int(raw[at]) + 1) * 4
		if len(raw)-at < size {
			return errTruncated
		}
		if err := checkBlockHeader(raw[at : at+size]); err != nil {
			return err
		}
		data, err := chunks(raw[at+size:])
		if err != nil {
			return err
		}
		at += size + (data+3)/4*4 + check // the data is padded to four bytes
	}
}

// checkSizes is the size of a block's checksum by the stream's flags.
var checkSizes = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

// checkBlockHeader takes a block that is compressed by LZMA2 alone.
func checkBlockHeader(header []byte) error {
	flags, rest := header[1], header[2:len(header)-4] // the last four bytes are a checksum
	if flags&0x3f != 0 {
		return errors.New("a block has other filters than LZMA2")
	}
	for _, sized := range []byte{0x40, 0x80} { // compressed size, uncompressed size
		if flags&sized != 0 {
			_, n := binary.Uvarint(rest)
			if n <= 0 {
				return errTruncated
			}
			rest = rest[n:]
		}
	}
	if len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 {
		return errors.New("a block is not compressed by LZMA2")
	}
	code := uint64(rest[2])
	if code > 40 {
		return errors.New("a block has no size of dictionary")
	}
	if dictionary := (2 | code&1) << (code/2 + 11); dictionary > maxDictionary {
		return fmt.Errorf("a block asks for a dictionary of %d bytes; %d are the most", dictionary, maxDictionary)
	}
	return nil
}

// chunks is the length of a block's LZMA2 data.
func chunks(raw []byte) (int, error) {
	for at := 0; at < len(raw); {
		switch control := raw[at]; {
		case control == 0:
			return at + 1, nil
		case len(raw)-at < 6:
			return 0, errTruncated
		case control <= 2: // stored
			at += 3 + int(binary.BigEndian.Uint16(raw[at+1:])) + 1
		case control >= 0x80:
			head := 5
			if control >= 0xc0 {
				head = 6 // new properties
			}
			at += head + int(binary.BigEndian.Uint16(raw[at+3:])) + 1
		default:
			return 0, fmt.Errorf("a chunk begins with %#x", control)
		}
	}
	return 0, errTruncated
}
