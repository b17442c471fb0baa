// Command etcd is etcd's server. Its module has no main package at its root
// that Go could build, so these are the lines that upstream's own main has.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
