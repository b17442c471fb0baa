// Package argocd runs Argo CD on a hub cluster: the application controller, the
// ApplicationSet controller with progressive syncs, the repository server, and
// Redis. There is no API server and no user interface: what a person would do there
// tests do through the Kubernetes API, as Argo CD's command line can too (--core).
//
// It is set up as docs/operations.md tells an operator to, but for two things.
// Argo CD asks Git for changes rarely and is told of commits instead (Refresh), as a
// webhook would. And some objects are healthy with less: an HPA as soon as it works on its
// Deployment, because there are no metrics here that it could scale by, and objects of
// kinds whose controllers do not run here as soon as they exist.
package argocd
