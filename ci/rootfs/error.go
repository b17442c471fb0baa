package rootfs

import (
	"errors"
	"fmt"
)

// What can be wrong with an image. Every error of [Walk] about an image's content is an [*Error] that wraps one of them.
var (
	// ErrEscape: an entry's name leaves the image ("../../etc/passwd").
	ErrEscape = errors.New("the name leaves the image")
	// ErrLink: a link points out of the image, to nothing, or in a circle.
	ErrLink = errors.New("the link points out of the image, to nothing, or in a circle")
	// ErrLimit: the image asks for more than its [Limits].
	ErrLimit = errors.New("over the limit")
	// ErrTruncated: the layer ends in the middle.
	ErrTruncated = errors.New("the layer is truncated")
	// ErrDigest: the layer's bytes are not those that the manifest names.
	ErrDigest = errors.New("the layer was changed: its digest does not match")
	// ErrFormat: the layer is no tar file, or has a whiteout without a name.
	ErrFormat = errors.New("the layer cannot be read")
)

// Error says which layer, and which entry of it, made the image unreadable.
type Error struct {
	Layer Layer
	Entry string // the entry's name as the layer spells it; of a damaged stream, the last entry that was whole; may be empty
	Err   error
}

func (e *Error) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("%s: %v", e.Layer, e.Err)
	}
	return fmt.Sprintf("%s, entry %q: %v", e.Layer, e.Entry, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
