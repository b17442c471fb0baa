package revision

import (
	"crypto/sha1" //nolint:gosec // not a choice: it is how Git names files
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
)

// Same reports whether the file at path exists and holds exactly data. It hashes
// data as Git does and compares it with the id that the listing gave, so it costs
// no reading; of an equal tree, nothing is read at all.
//
// As every user of Git does, it takes an equal hash for an equal content.
func (r *Revision) Same(path string, data []byte) bool {
	b, ok := r.files[path]
	return ok && b.mode.IsRegular() && b.id == blobID(data, len(b.id))
}

// blobID is the id of a file's content in a repository whose ids have the given
// number of hex digits.
func blobID(data []byte, digits int) string {
	var h hash.Hash
	switch digits {
	case 2 * sha1.Size:
		h = sha1.New() //nolint:gosec // see the import
	case 2 * sha256.Size:
		h = sha256.New()
	default:
		return ""
	}
	h.Write(strconv.AppendInt([]byte("blob "), int64(len(data)), 10))
	h.Write([]byte{0})
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
