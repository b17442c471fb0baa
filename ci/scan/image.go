package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	dbtypes "github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy/pkg/clock"
	"github.com/aquasecurity/trivy/pkg/scan/langpkg"
	"github.com/aquasecurity/trivy/pkg/scan/ospkg"
	"github.com/aquasecurity/trivy/pkg/types"
	"github.com/aquasecurity/trivy/pkg/vulnerability"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/rootfs"

	trivydb "github.com/aquasecurity/trivy-db/pkg/db"
)

// What keeps an image from being judged. Passing it would say "nothing found" about something that nobody looked at.
var (
	// ErrUnsupported: the image has packages of an operating system that this scan does not read.
	ErrUnsupported = errors.New("this scan does not read the image's packages")
	// ErrUnjudged: the database has no advisories at all for what is in the image.
	ErrUnjudged = errors.New("the vulnerability database knows nothing about this")
)

// Options say how to scan.
type Options struct {
	// Name is what the image is called in the result: "registry/repository:tag". Required.
	Name string
	// Now is the time of the scan. Required.
	Now time.Time
	// Limits bound what the image may ask of this machine; zero fields mean rootfs.DefaultLimits.
	Limits rootfs.Limits
}

// Image scans one image of one platform. An index has several: scan each.
//
// Errors: an [*rootfs.Error] where a layer is damaged or hostile, [ErrUnsupported], [ErrUnjudged], advisory.ErrCorrupt.
func Image(ctx context.Context, img v1.Image, db *advisory.DB, o Options) (*Result, error) {
	if o.Name == "" || o.Now.IsZero() {
		return nil, errors.New("scanning an image: its name and the time are needed")
	}
	r, err := image(clock.With(ctx, o.Now), img, db, o)
	if err != nil {
		return nil, fmt.Errorf("scanning %s: %w", o.Name, err)
	}
	return r, nil
}

func image(ctx context.Context, img v1.Image, db *advisory.DB, o Options) (*Result, error) {
	// Read: every file of every layer passes once.
	c := newCollector(ctx)
	tree, err := rootfs.Walk(ctx, img, o.Limits, c.visit)
	if err = errors.Join(err, c.finish()); err != nil {
		return nil, err
	}
	if err := c.config(img); err != nil {
		return nil, err
	}

	// Understand: what of it is installed in the container.
	target, err := c.target(o.Name, tree)
	if err != nil {
		return nil, err
	}
	if err := known(db, target); err != nil {
		return nil, err
	}

	// Ask: Trivy's detectors and severities.
	results, endOfLife, err := detect(ctx, db, target)
	if err != nil {
		return nil, err
	}
	target.OS.Eosl = endOfLife
	return c.result(img, db, o, tree, target, results)
}

// known refuses a database without a word about this operating system, or about Go where the image has Go binaries.
func known(db *advisory.DB, target types.ScanTarget) error {
	wanted := map[string]string{} // bucket → what for
	if len(target.Packages) > 0 {
		wanted[bucket(target.OS)] = fmt.Sprintf("%s %s", target.OS.Family, target.OS.Name)
	}
	if len(target.Applications) > 0 {
		wanted["go::"] = "Go modules"
	}
	var all []error
	for bucket, what := range wanted {
		ok, err := db.Knows(bucket)
		if err == nil && !ok {
			err = fmt.Errorf("%w: it holds no advisories for %s (bucket %q): pull a full database or add advisories",
				ErrUnjudged, what, bucket)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// detect asks for the vulnerabilities of what is installed, with the details and severities that Trivy would show ("auto").
func detect(ctx context.Context, db *advisory.DB, target types.ScanTarget) (results types.Results, endOfLife bool, err error) {
	options := types.ScanOptions{PkgTypes: types.PkgTypes, Scanners: types.Scanners{types.VulnerabilityScanner}}
	err = db.Use(func() error {
		os, old, err := ospkg.NewScanner().Scan(ctx, target, options)
		if err != nil {
			return fmt.Errorf("judging the operating system's packages: %w", err)
		}
		if endOfLife = old; os.Target != "" {
			results = append(results, os)
		}
		lang, err := langpkg.NewScanner().Scan(ctx, target, options)
		if err != nil {
			return fmt.Errorf("judging Go modules: %w", err)
		}
		results = append(results, lang...)
		client := vulnerability.NewClient(trivydb.Config{})
		for i := range results {
			client.FillInfo(results[i].Vulnerabilities, []dbtypes.SourceID{"auto"})
			results[i].Vulnerabilities = distinct(results[i].Vulnerabilities)
		}
		return nil
	})
	return results, endOfLife, err
}

// distinct keeps one of each vulnerability of a package, as Trivy's own filter does, in Trivy's order.
func distinct(all []types.DetectedVulnerability) []types.DetectedVulnerability {
	seen := map[[4]string]bool{}
	all = slices.DeleteFunc(all, func(v types.DetectedVulnerability) bool {
		key := [4]string{v.VulnerabilityID, v.PkgName, v.InstalledVersion, v.PkgPath}
		defer func() { seen[key] = true }()
		return seen[key]
	})
	slices.SortStableFunc(all, func(a, b types.DetectedVulnerability) int {
		switch pair := (types.BySeverity{a, b}); {
		case pair.Less(0, 1):
			return -1
		case pair.Less(1, 0):
			return 1
		}
		return 0
	})
	return all
}
