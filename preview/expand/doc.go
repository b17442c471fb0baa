// Package expand makes the Applications of a tree of Argo CD objects, with Argo CD's
// own ApplicationSet engine: its generators, its template code, its normalisation. What
// comes out is what its ApplicationSet controller would write on the hub.
//
// Generators that need nothing but the set itself are all here: list, and matrix and
// merge of lists. The others ask the hub, a Git host or a plugin, and so would the
// outcome; a set that has one is not expanded, which is a finding.
//
// An Application of a set with RollingSync keeps its syncPolicy.automated here, as the
// template has it. On the hub, Argo CD 2.14 takes it out and 3.5 sets
// automated.enabled to false; [Application.OnHub] is the former.
package expand
