//go:build !gpu

package backend

import "testing"

func device(t testing.TB) *Device { return cpu(t) }
