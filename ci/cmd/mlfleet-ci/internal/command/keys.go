package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/policy"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// signingKey is the environment variable with the private key itself.
const signingKey = "MLFLEET_SIGNING_KEY"

func (a *app) keyring() *sign.Keyring { return &sign.Keyring{Getenv: a.getenv} }

// signer opens the key that signs. A laptop with none gets one, once; nobody
// beyond it will believe that key, and it is told so.
func (a *app) signer(ctx context.Context, cmd *cobra.Command, key string, where *registries) (sign.Signer, error) {
	switch {
	case key != "":
		return a.keyring().Signer(ctx, key)
	case a.getenv(signingKey) != "":
		return a.keyring().Signer(ctx, "env://"+signingKey)
	case a.inCI():
		return nil, misused(cmd.CommandPath(), "there is no key to sign with, and in CI none is made: set %s, or name one with --key", signingKey)
	case where.local == nil:
		return nil, misused(cmd.CommandPath(), "there is no key to sign with: a registry wants one that others know; set %s, or name one with --key", signingKey)
	}
	return a.localKey(ctx, cmd)
}

// localKey is the laptop's own key.
func (a *app) localKey(ctx context.Context, cmd *cobra.Command) (sign.Signer, error) {
	prefix := a.localPrefix(cmd)
	if !exists(prefix + ".key") {
		if err := os.MkdirAll(filepath.Dir(prefix), 0o700); err != nil {
			return nil, fmt.Errorf("making a key: %w", err)
		}
		if _, err := sign.GenerateKey(prefix, nil); err != nil {
			return nil, err
		}
		a.say("there is no key: made %s.key, which proves nothing to anybody but this machine", prefix)
	}
	return (&sign.Keyring{}).Signer(ctx, prefix+".key")
}

// restorePublic writes the public half of the laptop's own key where it was lost.
func restorePublic(ctx context.Context, prefix string) error {
	if exists(prefix + ".pub") {
		return nil
	}
	signer, err := (&sign.Keyring{}).Signer(ctx, prefix+".key")
	if err != nil {
		return err
	}
	key, err := sign.NewKey(signer.Public())
	if err != nil {
		return fmt.Errorf("reading the private key %s.key: %w", prefix, err)
	}
	public, err := key.PEM()
	if err != nil {
		return err
	}
	if err := os.WriteFile(prefix+".pub", public, 0o644); err != nil {
		return fmt.Errorf("writing the public half of %s.key again: %w", prefix, err)
	}
	return nil
}

// exists tells whether something is there; what cannot be looked at is.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func (a *app) localPrefix(cmd *cobra.Command) string {
	return filepath.Join(a.at(cmd, "cache"), "keys", "local")
}

// trustFlags say whom to believe, and what an image must show.
type trustFlags struct {
	policy     string // where the command judges nothing: gateFlags have one too
	keys       []string
	builders   []string
	databases  []string
	maxScanAge time.Duration
	allowDirty bool
}

func (f *trustFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keys, "public-key", nil, "believe the key at `REF` (a file, env://NAME); may be repeated. Without it: ci/keys/*.pub,\nand with the folder registry also this machine's own")
	flags.StringArrayVar(&f.builders, "builder", nil, "take our image only from the builder `ID`; may be repeated")
	flags.StringArrayVar(&f.databases, "database", nil, "take only scans with the vulnerability database from `ORIGIN` (a repository, as db pull has it);\nmay be repeated")
	flags.DurationVar(&f.maxScanAge, "max-scan-age", 30*24*time.Hour, "take scans up to `AGE`")
	flags.BoolVar(&f.allowDirty, "allow-dirty", false, "take an image built from changes that are not committed")
}

// public opens the keys that are believed.
func (f *trustFlags) public(ctx context.Context, a *app, cmd *cobra.Command, where *registries) ([]sign.Key, error) {
	refs := f.keys
	if len(refs) == 0 {
		// A glob of fs.FS, because the repository's own path may hold what a glob means
		// something by.
		found, err := fs.Glob(os.DirFS(a.dir), "ci/keys/*.pub")
		if err != nil {
			return nil, fmt.Errorf("looking for public keys: %w", err)
		}
		for _, file := range found {
			refs = append(refs, filepath.Join(a.dir, filepath.FromSlash(file)))
		}
		if prefix := a.localPrefix(cmd); where.local != nil && exists(prefix+".key") {
			if err := restorePublic(ctx, prefix); err != nil {
				return nil, err
			}
			refs = append(refs, prefix+".pub")
		}
	}
	var keys []sign.Key
	for _, ref := range refs {
		some, err := a.keyring().Public(ctx, ref)
		if err != nil {
			return nil, err
		}
		keys = append(keys, some...)
	}
	return keys, nil
}

// requirements are what an image must show: that the policy here, or a stricter one,
// let it pass, and ours also where it comes from.
func (f *trustFlags) requirements(mine bool, rules *policy.Policy, now time.Time) sign.Requirements {
	r := sign.Requirements{SBOM: true, Scan: true, Gate: rules.Mildest(), Databases: f.databases, MaxScanAge: f.maxScanAge, Now: now}
	if mine {
		r.Provenance, r.Builders, r.Sources, r.AllowModified = true, f.builders, []string{image.Repository}, f.allowDirty
	}
	return r
}

// sensible refuses an age with which nothing, or everything, would be young enough.
func (f *trustFlags) sensible(cmd *cobra.Command) error {
	if f.maxScanAge <= 0 {
		return misused(cmd.CommandPath(), "--max-scan-age %s: a scan's greatest age is above zero, as 720h", f.maxScanAge)
	}
	return nil
}

// verifier looks at images with everything that was said on the command line.
func (f *trustFlags) verifier(ctx context.Context, a *app, cmd *cobra.Command, where *registries) (func(context.Context, name.Digest) (*sign.Evidence, error), error) {
	if err := f.sensible(cmd); err != nil {
		return nil, err
	}
	keys, err := f.public(ctx, a, cmd, where)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, misused(cmd.CommandPath(), "there is no public key to verify with: put some into ci/keys/*.pub, or name one with --public-key")
	}
	rules, err := policy.Read(a.at(cmd, "policy"))
	if err != nil {
		return nil, input(err)
	}
	return func(ctx context.Context, image name.Digest) (*sign.Evidence, error) {
		evidence, err := sign.Verify(ctx, where.store(image.Context()), image, keys, f.requirements(where.mine(image.Context()), rules, a.clock()))
		return evidence, where.ours.Explain(err)
	}, nil
}

// trusted refuses a signer whom nobody would believe, before the work begins.
func trusted(command string, signer sign.Signer, keys []sign.Key) error {
	key, err := sign.NewKey(signer.Public())
	if err != nil {
		return fmt.Errorf("the key that signs: %w", err)
	}
	if slices.ContainsFunc(keys, func(k sign.Key) bool { return k.ID == key.ID }) {
		return nil
	}
	var known []string
	for _, k := range keys {
		known = append(known, k.ID[:12])
	}
	return misused(command, "the key %s that signs is none of those that verify (%s): put its public half into ci/keys, or name it with --public-key",
		key.ID[:12], orNone(strings.Join(known, ", ")))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
