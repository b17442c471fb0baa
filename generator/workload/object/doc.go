// Package object is what all builders share: an object with its place, the labels
// and metadata by which people, policies and Argo CD find it, and what nodes and
// pods agree on. It knows the fleet's words and no kind of objects.
package object
