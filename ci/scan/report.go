package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	dbtypes "github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy/pkg/fanal/image/name"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/fingerprint"
	"github.com/aquasecurity/trivy/pkg/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/uuid"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/rootfs"
)

// configPath names the image's configuration where findings name a file.
const configPath = "config"

// result puts everything together.
func (c *collector) result(
	img v1.Image, db *advisory.DB, o Options, tree *rootfs.Tree, target types.ScanTarget, results types.Results,
) (*Result, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, fmt.Errorf("reading the image's digest: %w", err)
	}
	metadata, err := describe(img, o.Name, digest, tree, target.OS)
	if err != nil {
		return nil, err
	}
	r := &Result{
		Name: o.Name, Digest: digest, Platform: metadata.ImageConfig.Platform().String(), Scanned: o.Now.UTC(), Database: db.Metadata(),
		OS: strings.TrimSpace(fmt.Sprintf("%s %s", target.OS.Family, target.OS.Name)), EndOfLife: target.OS.Eosl,
	}
	for _, result := range results {
		r.Packages += len(result.Packages)
		r.Findings = append(r.Findings, vulnerabilities(result)...)
	}
	secrets, findings := c.secretResults(tree)
	r.Findings = append(r.Findings, findings...)
	slices.SortFunc(r.Findings, worstFirst)
	r.Unread = c.countUnread(tree, target)

	r.Report = types.Report{
		SchemaVersion: 2, Trivy: types.TrivyInfo{Version: TrivyVersion},
		ReportID:  uuid.NewSHA1(uuid.NameSpaceOID, []byte(digest.String()+" "+o.Now.UTC().String())).String(),
		CreatedAt: o.Now.UTC(), ArtifactID: metadata.ImageID, ArtifactName: o.Name, ArtifactType: ftypes.TypeContainerImage,
		Metadata: metadata, Results: append(results, secrets...),
	}
	fingerprint.Fill(&r.Report)
	return r, nil
}

// describe fills what Trivy's reports tell about an image.
func describe(img v1.Image, called string, digest v1.Hash, tree *rootfs.Tree, os ftypes.OS) (types.Metadata, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return types.Metadata{}, fmt.Errorf("reading the image's configuration: %w", err)
	}
	id, err := img.ConfigName()
	if err != nil {
		return types.Metadata{}, fmt.Errorf("reading the image's configuration: %w", err)
	}
	m := types.Metadata{ImageID: id.String(), ImageConfig: *config}
	if os.Detected() {
		m.OS = &os
	}
	for _, l := range tree.Layers() {
		m.Size += l.Size
		m.DiffIDs = append(m.DiffIDs, l.DiffID.String())
		m.Layers = append(m.Layers, ftypes.Layer{Size: l.Size, Digest: l.Digest.String(), DiffID: l.DiffID.String()})
	}
	// A name that is no reference (a folder's, say) is shown as it is; it only has no repository.
	if reference, err := name.ParseReference(called); err == nil {
		m.Reference = reference
		m.RepoDigests = []string{reference.Context().Name() + "@" + digest.String()}
	}
	return m, nil
}

func vulnerabilities(result types.Result) []Finding {
	var all []Finding
	for _, v := range result.Vulnerabilities {
		f := Finding{
			Kind: Vulnerability, ID: v.VulnerabilityID, Severity: cmp.Or(v.Severity, dbtypes.SeverityUnknown.String()),
			Package: v.PkgName, Version: v.InstalledVersion, Fixed: v.FixedVersion, Status: v.Status.String(),
			Title: v.Title, URL: v.PrimaryURL, Layer: v.Layer.Digest,
		}
		if len(v.References) > 0 && f.URL == "" {
			f.URL = v.References[0]
		}
		if result.Class == types.ClassLangPkg {
			f.Path = result.Target
		}
		all = append(all, f)
	}
	return all
}

// secretResults gives the secrets of all layers and of the configuration, in Trivy's form and in ours.
func (c *collector) secretResults(tree *rootfs.Tree) (types.Results, []Finding) {
	byPath := map[string]*types.Result{}
	var findings []Finding
	add := func(path, layer string, hidden bool, found []ftypes.SecretFinding) {
		result := byPath[path]
		if result == nil {
			result = &types.Result{Target: path, Class: types.ClassSecret}
			byPath[path] = result
		}
		for _, s := range found {
			s.Layer.Digest = layer
			result.Secrets = append(result.Secrets, types.DetectedSecret(s))
			findings = append(findings, Finding{
				Kind: Secret, ID: s.RuleID, Severity: s.Severity, Title: s.Title, Path: path, Line: s.StartLine, Layer: layer, Hidden: hidden,
			})
		}
	}
	for id, file := range c.secrets {
		_, shown := tree.Shown(id)
		add(file.path, file.layer.Digest.String(), !shown, file.findings)
	}
	if len(c.env) > 0 {
		add(configPath, "", false, c.env)
	}
	results := types.Results{}
	for _, result := range byPath {
		slices.SortFunc(result.Secrets, func(a, b types.DetectedSecret) int {
			return cmp.Or(cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.StartLine, b.StartLine), cmp.Compare(a.Layer.Digest, b.Layer.Digest))
		})
		results = append(results, *result)
	}
	slices.SortFunc(results, func(a, b types.Result) int { return cmp.Compare(a.Target, b.Target) })
	return results, findings
}

// countUnread counts what the container has and this scan does not judge.
func (c *collector) countUnread(tree *rootfs.Tree, target types.ScanTarget) map[string]int {
	counts := map[string]int{}
	for id, kind := range c.unread {
		if _, ok := tree.Shown(id); ok {
			counts[kind]++
		}
	}
	for _, p := range target.Packages {
		if p.Repository.Class == ftypes.RepositoryClassThirdParty {
			counts["third-party debian"]++
		}
	}
	return counts
}

// worstFirst orders findings: severity, then identifier, package, file, line, layer.
func worstFirst(a, b Finding) int {
	return cmp.Or(
		dbtypes.CompareSeverityString(a.Severity, b.Severity),
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Layer, b.Layer),
	)
}
