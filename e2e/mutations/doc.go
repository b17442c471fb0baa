// Package mutations proves the tests: it breaks each guardrail, by one line of a builder
// that the compiler is given in place of the repository's, and the case that guards it must
// turn red and say why. A test that stays green with its guardrail gone guards nothing.
//
// Mutations whose case only asks questions share one hub and two clusters, and reach them
// as any change does, by a commit; the others take a start of their own. So this runs on
// demand and nightly: "make e2e-mutations".
package mutations
