// Package world puts the parts together: a hub with Argo CD, the clusters of the
// fleet with their nodes and kinds, and the fleet's repository. It is what the
// tests in package cases share.
package world
