// Package admission builds what every API server refuses in tenants' namespaces: pods
// and controllers of pods that break a promise which the generator keeps in all that
// it writes. The policies are for what comes another way, be it a person with
// kubectl, a controller, or an edit of golden/ that nobody noticed.
//
// It takes nothing: the expressions are constants, the same for every fleet, and no
// tenant's text reaches them. Which namespaces they are about is decided in the API
// server, by the label mlfleet.dev/tenant.
//
// What is decided here:
//
//   - Pods are judged, because everything ends up as one, and so are the controllers
//     that make them, because their author reads the answer: Argo CD shows it at the
//     Deployment, where a refused pod is an event of some ReplicaSet.
//   - Probes are judged on controllers that keep servers running, and not on pods: a
//     Job's pod has nothing to probe, and what a mesh injects into a pod has probes
//     of its own making.
//   - Init containers count as containers. Ephemeral containers, which a person adds to
//     a running pod, must run by digest and without privileges; requests and probes
//     they cannot have.
//   - An update is judged only if it changes the pod's spec. So an object from before
//     the policy can still be labelled, finalized and deleted.
//   - failurePolicy is Fail: an expression that cannot be evaluated refuses. The API
//     server evaluates it by itself, so nothing has to be up for that.
package admission
