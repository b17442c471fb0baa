// Package secrets builds what brings secrets from a cluster's secret store to the
// models: a tenant's SecretStore, and an ExternalSecret for each model that asks for
// some, of which the external-secrets operator makes a Secret. Values never pass
// through here: a model's file has names, and so do these objects.
//
// The operator reads the store, and never a pod, so no network policy opens a way to
// it. It reads as an identity that belongs to the tenant and to no pod; what is built
// here names only secrets below <environment>/<tenant>/, and that identity should be
// allowed no others (docs/secrets.md).
//
// It takes a placement, and one of its models where the object is a model's. It does
// not know how a pod gets what is in a Secret; package serving does.
package secrets
