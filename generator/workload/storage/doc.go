// Package storage builds the volumes in which models keep their files: a claim for
// each model that asks for one. It takes a placement and one of its models. Where the
// pods mount it is package serving's business, and whether the access mode fits the
// replicas package check's.
package storage
