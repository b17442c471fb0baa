// Package change tells what happens to the Applications on the hub when a change is
// merged: which are created, altered, orphaned, deleted.
//
// That is not the difference of two lists. What the ApplicationSet controller does with
// an Application that its set no longer makes is up to the set's applicationsSync; what
// becomes of a set that leaves Git, to whether the root that reads it prunes and to the
// set's finalizer; and what a deleted Application takes along, to the Application's. The
// rules are those of Argo CD 2.14's controller, run without --policy (or with
// --enable-policy-override); tests hold them to the controller itself.
package change
