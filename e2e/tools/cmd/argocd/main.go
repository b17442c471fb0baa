// Command argocd is the part of Argo CD's one binary that reconciles: the
// application controller, the ApplicationSet controller and the repository
// server, and the helper that Git asks for passwords. Upstream's main also links
// the API server with its user interface, the command line, Dex and the
// notifications controller, which nothing here starts and which take minutes
// to compile.
//
// As in upstream's, the name that it is called by says which one runs, or
// ARGOCD_BINARY_NAME.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	askpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/util/log"
)

func main() {
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))

	commands := map[string]func() *cobra.Command{
		"argocd-application-controller":    controller.NewCommand,
		"argocd-applicationset-controller": applicationset.NewCommand,
		"argocd-repo-server":               reposerver.NewCommand,
		"argocd-git-ask-pass":              askpass.NewCommand,
	}
	name := filepath.Base(os.Args[0])
	if given, ok := os.LookupEnv("ARGOCD_BINARY_NAME"); ok {
		name = given
	}
	command, ok := commands[name]
	if !ok {
		names := strings.Join(slices.Sorted(maps.Keys(commands)), ", ")
		fmt.Fprintf(os.Stderr, "argocd: no program %q: call this binary, or set ARGOCD_BINARY_NAME to, one of %s\n", name, names)
		os.Exit(2)
	}
	if err := command().Execute(); err != nil {
		os.Exit(1)
	}
}
