package debian

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxPackage is the most bytes of a .deb: ten times the largest that a server
// needs (libc6 has under 3 MB).
const maxPackage = 64 << 20

// member is a file of an ar archive.
type member struct {
	name string
	body []byte
}

// A .deb is an ar archive (deb(5)): a magic line, then members, each with a
// header of 60 characters and padded to an even length.
const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// members reads an ar archive of the kind that deb(5) allows: plain names of at
// most 16 characters, sizes in decimal, each name once (of two with one name
// tools read different ones).
func members(raw []byte) ([]member, error) {
	rest, ok := bytes.CutPrefix(raw, []byte(arMagic))
	if !ok {
		return nil, errors.New("it is not an ar archive")
	}
	var all []member
	for len(rest) > 0 {
		if len(rest) < arHeader {
			return nil, fmt.Errorf("it is truncated: %d bytes are left where a header of %d begins", len(rest), arHeader)
		}
		head := rest[:arHeader]
		if head[58] != '`' || head[59] != '\n' {
			return nil, errors.New("a member's header does not end as it must")
		}
		name := strings.TrimSuffix(strings.TrimRight(string(head[:16]), " "), "/")
		size, err := strconv.ParseUint(strings.TrimRight(string(head[48:58]), " "), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("member %q has no size: %w", name, err)
		}
		if slices.ContainsFunc(all, func(m member) bool { return m.name == name }) {
			return nil, fmt.Errorf("member %q is in it twice", name)
		}
		rest = rest[arHeader:]
		if size > uint64(len(rest)) {
			return nil, fmt.Errorf("it is truncated: member %q has %d bytes, %d are left", name, size, len(rest))
		}
		all = append(all, member{name, rest[:size]})
		rest = rest[size:]
		if size%2 == 1 && len(rest) > 0 {
			rest = rest[1:]
		}
	}
	return all, nil
}
