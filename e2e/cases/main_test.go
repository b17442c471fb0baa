package cases

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/e2e/sandbox"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// Where the programs are that the tests need, and how much of the fleet to start.
var (
	tools   = flag.String("tools", "", "the `folder` of the servers, built by tools/build.sh; without it the tests are skipped")
	mlfleet = flag.String("mlfleet", "", "the `program` mlfleet")
	preview = flag.String("preview", "", "the `program` mlfleet-preview")
	reach   = flag.String("reach", "", "the `program` reach, built from the module network")
	regions = flag.String("regions", "", "the `regions` to start, with commas between; all without it")
	source  = flag.String("source", "../..", "the `folder` of mlfleet's repository")
	// It is no promise of speed: it only ends a run that will not succeed any more.
	patience = flag.Duration("patience", 20*time.Minute, "how long anything may take that must happen at all")
	logs     = flag.String("logs", "../.cache/logs", "the `folder` that the servers' logs are kept in when a test fails")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *tools == "" {
		fmt.Println("skipped: the tests need servers; use make e2e or make e2e-smoke")
		return
	}
	if _, inside := sandbox.Inside(); !inside {
		code, err := sandbox.Run(*logs)
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			code = 1
		}
		os.Exit(code)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// the is what all tests share.
var the struct {
	*world.World
	converge  sync.Once
	converged error
	table     table
}

// run starts the world, runs the tests in it and prints the table. All servers end
// with this process.
func run(m *testing.M) (int, error) {
	begin := time.Now()
	if err := sandbox.Enter(); err != nil {
		return 1, err
	}
	dir, _ := sandbox.Inside()
	options := world.Options{Dir: dir}
	for target, path := range map[*string]string{&options.Source: *source, &options.Bin: *tools, &options.Mlfleet: *mlfleet} {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return 1, err
		}
		*target = absolute
	}
	if *regions != "" {
		options.Regions = strings.Split(*regions, ",")
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	w, err := world.Start(ctx, options)
	if err != nil {
		return 1, err
	}
	the.World = w
	fmt.Printf("%d clusters, a hub and Argo CD started in %s\n", len(w.Clusters), round(w.StartUp))
	code := m.Run()
	return code, the.table.print(os.Stdout, time.Since(begin))
}

// testContext ends with the test, or when nothing more is to be expected.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), *patience)
	t.Cleanup(cancel)
	return ctx
}

// synced makes sure that the whole fleet has been synced once, whichever test runs
// first.
func synced(t *testing.T) {
	t.Helper()
	the.converge.Do(func() {
		ctx := testContext(t)
		if the.converged = the.Bootstrap(ctx); the.converged == nil {
			the.converged = the.Converged(ctx)
		}
	})
	if the.converged != nil {
		t.Fatalf("the fleet was never synced: %v", the.converged)
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }
