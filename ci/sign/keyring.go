package sign

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

const (
	// PasswordVariable is the environment variable with an encrypted private key's
	// password: cosign's.
	PasswordVariable = "COSIGN_PASSWORD"
	// maxKeySize is more than any file of keys has.
	maxKeySize = 64 << 10
)

// Keyring opens keys by reference: a file's path, env://NAME for a key that
// stands in an environment variable (as for cosign), or SCHEME://… of a
// key-management service.
type Keyring struct {
	// Getenv reads the environment; nil is an empty one.
	Getenv func(string) string
	// KMS opens keys of key-management services, by scheme: "awskms", "gcpkms", ….
	KMS map[string]func(ctx context.Context, ref string) (Signer, error)
}

// Signer opens a private key: PEM, PKCS#8 ("PRIVATE KEY"), SEC 1 ("EC PRIVATE
// KEY") or cosign's encrypted form, with the password in PasswordVariable; ECDSA
// on P-256.
func (k *Keyring) Signer(ctx context.Context, ref string) (Signer, error) {
	open, err := k.kms(ref)
	if err != nil {
		return nil, err
	}
	if open != nil {
		signer, err := open(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("opening the key %s: %w", ref, err)
		}
		return signer, nil
	}
	data, err := k.read(ref)
	if err != nil {
		return nil, fmt.Errorf("reading the private key %s: %w", ref, err)
	}
	private, err := parsePrivate(data, k.password)
	if err != nil {
		return nil, fmt.Errorf("reading the private key %s: %w", ref, err)
	}
	return private, nil
}

// Public opens the public keys at a reference: one or more PEM blocks "PUBLIC
// KEY", or the public half of a key-management service's key.
func (k *Keyring) Public(ctx context.Context, ref string) ([]Key, error) {
	open, err := k.kms(ref)
	if err != nil {
		return nil, err
	}
	if open != nil {
		signer, err := open(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("opening the key %s: %w", ref, err)
		}
		key, err := NewKey(signer.Public())
		if err != nil {
			return nil, fmt.Errorf("opening the key %s: %w", ref, err)
		}
		return []Key{key}, nil
	}
	data, err := k.read(ref)
	if err != nil {
		return nil, fmt.Errorf("reading the public key %s: %w", ref, err)
	}
	keys, err := ParsePublic(data)
	if err != nil {
		return nil, fmt.Errorf("reading the public key %s: %w", ref, err)
	}
	return keys, nil
}

// kms is what opens the reference of a key-management service; nil for others.
func (k *Keyring) kms(ref string) (func(context.Context, string) (Signer, error), error) {
	scheme, _, ok := strings.Cut(ref, "://")
	if !ok || scheme == "env" {
		return nil, nil
	}
	open, known := k.KMS[scheme]
	if !known {
		known := append([]string{"a file's path", "env://NAME"}, slices.Sorted(maps.Keys(k.KMS))...)
		return nil, fmt.Errorf("the key %s: nothing here opens %s://; what can be given is %s", ref, scheme, strings.Join(known, ", "))
	}
	return open, nil
}

// read gives the bytes at env://NAME or in a file.
func (k *Keyring) read(ref string) ([]byte, error) {
	if variable, ok := strings.CutPrefix(ref, "env://"); ok {
		value := k.getenv(variable)
		if value == "" {
			return nil, fmt.Errorf("the environment variable %s is not set, or empty", variable)
		}
		return []byte(value), nil
	}
	file, err := os.Open(ref)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxKeySize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxKeySize {
		return nil, fmt.Errorf("it is larger than %d KiB: no key is", maxKeySize>>10)
	}
	return data, nil
}

// password is that of an encrypted private key; cosign makes keys with an empty one
// too.
func (k *Keyring) password() []byte { return []byte(k.getenv(PasswordVariable)) }

func (k *Keyring) getenv(name string) string {
	if k.Getenv == nil {
		return ""
	}
	return k.Getenv(name)
}

// GenerateKey makes a key pair: the private key at prefix+".key" (mode 0600,
// encrypted as cosign does it where password is not empty) and the public key at
// prefix+".pub". It overwrites nothing: a key that is replaced by accident makes
// every image of before unproven.
func GenerateKey(prefix string, password []byte) (Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("generating a key: %w", err)
	}
	secret, err := marshalPrivate(private, password)
	if err != nil {
		return Key{}, err
	}
	key, err := NewKey(private.Public())
	if err != nil {
		return Key{}, err
	}
	public, err := key.PEM()
	if err != nil {
		return Key{}, err
	}
	if err := writeNew(prefix+".key", secret, 0o600); err != nil {
		return Key{}, fmt.Errorf("writing the private key: %w", err)
	}
	if err := writeNew(prefix+".pub", public, 0o644); err != nil {
		return Key{}, errors.Join(fmt.Errorf("writing the public key: %w", err), os.Remove(prefix+".key"))
	}
	return key, nil
}

// writeNew writes a file that must not be there yet; with an error, it is not
// there afterwards.
func writeNew(path string, data []byte, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
