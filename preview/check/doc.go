// Package check looks for what Argo CD or the API server would refuse, and for what
// they would take otherwise than it is meant: names that clash, Applications outside of
// their projects, paths that do not build, RollingSync steps, sizes.
//
// Whether a project permits something is asked of Argo CD's own functions, about the
// objects that the Application's path builds to, in the cluster that it resolves to.
// They are what its application controller asks before it syncs each object.
package check
