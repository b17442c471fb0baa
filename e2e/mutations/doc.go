// Package mutations proves the tests: it breaks each guardrail, by one line of a builder
// in a copy of the repository, and the case that guards it must turn red and say why. A
// test that stays green with its guardrail gone guards nothing.
//
// Each mutation takes a start of the hub and two clusters, so this runs on demand and
// nightly: "make e2e-mutations".
package mutations
