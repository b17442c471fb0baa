// Package render makes the objects of an Application from its path, as Argo CD's
// repository server would: with Kustomize where there is a kustomization, or file by
// file from a directory. Nothing is fetched and nothing is run.
//
// Kustomize is its own library, of the release whose command line is in the image of
// Argo CD 2.14 (5.4.3: api v0.17.2): what builds there builds in later ones too, which
// the generator's own tests show with today's.
//
// Kustomize is only ever shown copies: before it builds, all files that a kustomization leads to
// are read into memory, which settles two things. A path of the tree cannot lead out
// of the fleet, be it by ".." or by a link; and what Kustomize would take for a URL, or
// fetch by git, is refused before Kustomize sees it.
package render
