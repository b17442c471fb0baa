// Command prove shows with Kustomize's own command line that a generated tree is
// what it says: it builds every overlay of golden/ and compares the result,
// object by object and in order, with the manifests that reviewers read.
//
//	prove -kustomize PATH [GOLDEN]
//
// It shares no code with the generator, so that a mistake there cannot hide
// itself here. Exit codes: 0 all equal, 1 differences, 3 could not read or run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	kustomize := flag.String("kustomize", "kustomize", "the kustomize command line, a `path`")
	flag.Parse()
	golden := "golden"
	if flag.NArg() > 0 {
		golden = flag.Arg(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, *kustomize, golden))
}

func run(ctx context.Context, kustomize, golden string) int {
	version, err := build(ctx, kustomize, "version")
	if err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		return 3
	}
	result, err := prove(ctx, kustomize, golden)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		return 3
	}
	for _, difference := range result.differences {
		fmt.Println(difference)
	}
	fmt.Printf("kustomize %s builds %d overlays to %d objects; %d differences from %s/manifests\n",
		version, result.overlays, result.objects, len(result.differences), golden)
	if len(result.differences) > 0 {
		return 1
	}
	return 0
}
