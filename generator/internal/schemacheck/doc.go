// Package schemacheck proves in a test that Kubernetes objects are ones that an
// API server would take, without an API server.
//
// It is test support: the generator's tests run it over every object of a
// generated tree. A typed builder cannot misspell a field, but it can forget a
// required one, and what is not built from Kubernetes' own types (Argo CD's
// and prometheus-operator's objects) can be wrong in every way; and a patch may
// make of a right object a wrong one. Argo CD would show that as a failed sync,
// hours after the review that should have seen it.
//
// There are three judges, each for what the one before cannot see:
//
//   - [Checker.Check] holds an object against the schemas that the projects
//     publish: Kubernetes' OpenAPI and the CRDs, vendored in testdata with their
//     sources (testdata/SOURCES.md). It is strict, as `kubectl apply
//     --validate=strict` is: a field that the schema does not know is an error,
//     and so is an object whose kind has no schema here. A kind that two vendored
//     releases define has to be valid under both.
//   - [Checker.Rules] are what an API server checks of one object and no schema says:
//     names, labels, selectors that match their template, requests within
//     limits, volumes that are mounted and exist, ranges, and so on.
//   - [References] is about objects together: what one names, another has to be.
//     An API server checks none of it; the cluster just does not work.
//
// Not checked: the CEL rules of CRDs (x-kubernetes-validations) and the CEL
// expressions inside admission policies. Both need an API server's libraries;
// the module tools/apiserver has them, and holds golden/ to both.
package schemacheck
