package repository

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
)

// A Policy says which versions of a model are served. The zero value serves
// the latest one.
type Policy struct {
	latest int
	all    bool
	named  []string
}

// Latest serves the n highest versions.
func Latest(n int) Policy { return Policy{latest: n} }

// All serves every version.
func All() Policy { return Policy{all: true} }

// Named serves the versions with these names, each of which must be there.
func Named(names ...string) Policy { return Policy{named: slices.Clone(names)} }

// ParsePolicy reads "latest", "latest:N", "all" or "named:A,B".
func ParsePolicy(s string) (Policy, error) {
	kind, arg, has := strings.Cut(s, ":")
	switch {
	case s == "latest":
		return Latest(1), nil
	case s == "all":
		return All(), nil
	case kind == "latest":
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 {
			return Policy{}, fmt.Errorf("version policy %q: want a number of 1 or more after the colon", s)
		}
		return Latest(n), nil
	case kind == "named" && has:
		names := strings.Split(arg, ",")
		for _, n := range names {
			if !modelconfig.ValidName(n) {
				return Policy{}, fmt.Errorf("version policy %q: %q is not a version", s, n)
			}
		}
		return Named(names...), nil
	}
	return Policy{}, fmt.Errorf("version policy %q is unknown; want latest, latest:N, all or named:A,B", s)
}

// String is the form that ParsePolicy reads.
func (p Policy) String() string {
	switch {
	case p.all:
		return "all"
	case len(p.named) > 0:
		return "named:" + strings.Join(p.named, ",")
	}
	return fmt.Sprintf("latest:%d", max(p.latest, 1))
}

// choose picks from the versions that exist, lowest first.
func (p Policy) choose(existing []string) ([]string, error) {
	switch {
	case p.all:
		return existing, nil
	case len(p.named) > 0:
		for _, n := range p.named {
			if !slices.Contains(existing, n) {
				return nil, fmt.Errorf("version %s is not in the repository (it has %s): %w", n, list(existing), ErrNoVersion)
			}
		}
		out := slices.Clone(p.named)
		slices.SortFunc(out, CompareVersions)
		return slices.Compact(out), nil
	}
	return existing[max(0, len(existing)-max(p.latest, 1)):], nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// CompareVersions orders versions as people do: runs of digits by their value,
// so that 10 comes after 9 and v1.10 after v1.9.
func CompareVersions(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
