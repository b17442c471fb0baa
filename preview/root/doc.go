// Package root tells which Application brings a file of golden/argocd to the hub. A
// file that none reads is in Git for nothing: Argo CD never hears of what is in it.
package root
