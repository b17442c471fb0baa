// Package argocd takes a Fleet and gives what Argo CD has to know about it: the
// AppProjects that confine, the ApplicationSets that fan out to clusters, and the
// root Applications that make Argo CD read all of those from Git. It holds the few
// Argo CD types that we write; it does not import Argo CD, which would bring some
// fifteen hundred packages for a dozen structs.
//
// Every object comes with its file below golden/argocd/:
//
//	bootstrap.yaml                            the roots and their project; applied once, by hand
//	platform/{project,applicationset}.yaml    what the platform syncs, and may sync
//	tenants/<shard>/<tenant>/project.yaml, guardrails.yaml, models-<environment>.yaml
//
// What follows is known the hard way, from the sources of Argo CD 2.14 and 3.5. The
// code is short because these decisions are made; none of them is a matter of taste.
//
// # Who may write what
//
// A tenant is two Applications in each of its clusters, because whoever lives inside a
// fence must not own it: the guardrails belong to a project of the platform, the
// models to a project of the tenant's.
//
// A project's destination matches by server OR by name, so one that gives both is the
// wider, not the narrower, and a "*" in one opens every cluster whatever the other
// says. Projects name the server; Applications name the cluster, which Argo CD resolves
// to a server before it asks the project. So both have to be right: a cluster that is
// registered again under an old name, elsewhere, is refused.
//
// An absent clusterResourceWhitelist allows nothing; an absent
// namespaceResourceWhitelist allows everything, and an empty one is lost when Argo CD
// rewrites the project. Hence a literal list of kinds. It has ReplicaSet and Pod, which
// nobody commits, because a kind that is not listed is hidden in Argo CD's resource tree,
// and its logs with it. Endpoints and EndpointSlices stay out: whoever writes those
// steers a Service's traffic anywhere.
//
// Owners may look and read logs, and not sync. Argo CD's "sync" permission lets its
// holder choose the revision while automated sync is off, and rolling-sync switches it
// off: any unreviewed branch could be brought to production. Owners change things
// in Git.
//
// # Names
//
// Names of tenants, environments and clusters are DNS labels, which may contain hyphens
// but no dots. Names of Applications and ApplicationSets join them by dots
// (acme.models.us-east-production), so that no two tenants can ever be given one name.
// Where Argo CD may use a name as a label value (63 characters), a longer one ends in a
// hash; the tenant's part always stays whole. Our own names begin with "mlfleet" and
// projects of tenants with "tenant-", so no tenant's name can hit them.
//
// # Generators and templates
//
// ApplicationSets use list generators with every value spelled out: they expand
// offline, poll nothing, and cannot lose Applications because Git or a cluster Secret
// was unreadable for a moment. Templates are constant but for names that the fleet has
// checked; the repository's URL and revision are escaped; no text of a tenant's
// reaches one. The project is written literally, never templated. Values that Argo CD
// would drop when it rewrites an object (false, empty lists) are not written at all,
// so that a rewrite is no difference.
//
// # Deletion
//
// Removing an element, a set or a root never removes what runs. Sets create and update
// but never delete Applications (applicationsSync, which Argo CD ignores when its
// ApplicationSet controller runs with --policy and without override), their Applications
// get no finalizer (preserveResourcesOnDeletion), and roots do not prune. The sets
// carry a finalizer for one case: a set that is deleted without it takes its
// Applications along, because Kubernetes collects what a deleted owner owns. With it,
// Argo CD strips the owner references first, reliably only when the deletion is in the
// background: hence PrunePropagationPolicy=background everywhere.
//
// A placement whose last model is gone keeps its Application, which then reports that
// its path is missing, and what it ran. To remove it for good is an explicit act.
//
// # Sync
//
// Automated sync does not try a failed revision again, so a cluster that was away would
// stay behind: retry is without limit. The price: such a retry holds on to its
// revision, and the commit that mends a manifest which can never be applied has to wait
// for "argocd app terminate-op" or for the controller's sync timeout
// (controller.sync.timeout.seconds). Argo CD 3's retry.refresh would do away with that;
// 2.14 refuses the field. Operations of a rolling sync have no fixed revision and are
// not concerned.
//
// There is no PruneLast: it keeps the old objects until the new ones are healthy, and
// with a full GPU quota the new pods would wait for the old ones' GPUs for ever.
//
// # Rollout
//
// all-at-once has no strategy: every cluster syncs, and heals drift. With rolling-sync
// the canary region syncs first and the others when it is healthy. Its price: Argo CD
// switches automated sync off, so drift is not healed. "automated" is written all the
// same, because the rollout takes "prune" from it. It needs a controller with
// --enable-progressive-syncs; without, the strategy is silently ignored and all sync
// at once. An Application in no step never syncs: the two steps, in a region and not
// in it, leave none out. A tenant that is not in the canary region has the first
// of its own regions for a canary. A maxUpdate of "2" must be a number: as a string
// Argo CD warns and takes it for one at a time.
//
// # Roots and scale
//
// Tenants are spread over shards, each with a root, by a hash of their names. All
// roots read golden/argocd, each through its own include pattern: a shard may be empty
// without its root failing on a folder that Git cannot hold, and no list of
// tenants exists anywhere.
//
// Plan a shard for 500 tenants, and for no more than 1,000. A root's status lists all that
// it manages, without a cap (some 130 bytes an object, four objects a tenant), and
// the result of its first sync lists them again, at an estimated twice that; the API server stores
// at most 1.5 MB. And the repository server refuses directories of more than 10 MB
// (--max-combined-directory-manifests-size), where a tenant in eight clusters takes 13 to
// 15 KB.
package argocd
