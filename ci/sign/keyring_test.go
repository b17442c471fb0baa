package sign_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// environment is a Keyring's with these variables.
func environment(pairs ...string) func(string) string {
	return func(variable string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == variable {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// A key that was generated opens again, as a file and from the environment,
// encrypted and not, and its halves belong together.
func TestGenerateKey(t *testing.T) {
	for name, password := range map[string]string{"plain": "", "encrypted": "correct horse"} {
		t.Run(name, func(t *testing.T) {
			prefix := filepath.Join(t.TempDir(), "cosign")
			key, err := sign.GenerateKey(prefix, []byte(password))
			if err != nil {
				t.Fatal(err)
			}
			for file, mode := range map[string]fs.FileMode{prefix + ".key": 0o600, prefix + ".pub": 0o644} {
				info, err := os.Stat(file)
				if err != nil || info.Mode().Perm() != mode {
					t.Errorf("%s: %v, %v", file, info.Mode(), err)
				}
			}
			private, err := os.ReadFile(prefix + ".key")
			if err != nil {
				t.Fatal(err)
			}
			if block, _ := pem.Decode(private); (block.Type == "ENCRYPTED SIGSTORE PRIVATE KEY") != (password != "") {
				t.Errorf("a key with the password %q is a %q", password, block.Type)
			}
			keyring := &sign.Keyring{Getenv: environment("COSIGN_PASSWORD", password, "KEY", string(private))}
			for _, ref := range []string{prefix + ".key", "env://KEY"} {
				signer, err := keyring.Signer(t.Context(), ref)
				if err != nil {
					t.Fatal(err)
				}
				keys, err := keyring.Public(t.Context(), prefix+".pub")
				if err != nil || len(keys) != 1 || keys[0].ID != signer.KeyID() || key.ID != signer.KeyID() {
					t.Errorf("%s is the key %s, its public half %v, and %s was made: %v", ref, signer.KeyID(), keys, key.ID, err)
				}
				w := newWorld(t, true)
				w.signImage(w.image, signer)
				if _, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{}); err != nil {
					t.Error(err)
				}
			}
			if _, err := sign.GenerateKey(prefix, nil); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a key is overwritten: %v", err)
			}
			if again, err := os.ReadFile(prefix + ".key"); err != nil || string(again) != string(private) {
				t.Error("the key changed")
			}
			// A private key without its public half would be of no use.
			if err := os.Remove(prefix + ".key"); err != nil {
				t.Fatal(err)
			}
			if _, err := sign.GenerateKey(prefix, nil); !errors.Is(err, fs.ErrExist) {
				t.Errorf("the public key is overwritten: %v", err)
			}
			if _, err := os.Stat(prefix + ".key"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("half of a key pair was left: %v", err)
			}
		})
	}
}

// Keys that openssl made open too.
func TestOpenSSLKeys(t *testing.T) {
	private := p256(t)
	sec1, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	parameters := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}})
	for name, text := range map[string]string{
		"genpkey":        block("PRIVATE KEY", pkcs8(t, private)),
		"ecparam genkey": string(parameters) + block("EC PRIVATE KEY", sec1),
	} {
		keyring := &sign.Keyring{Getenv: environment("KEY", text)}
		signer, err := keyring.Signer(t.Context(), "env://KEY")
		if err != nil || !private.PublicKey.Equal(signer.Public()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is no usable key says why, and which reference it was.
func TestUnreadableKeys(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "encrypted")
	if _, err := sign.GenerateKey(prefix, []byte("correct horse")); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(prefix + ".key")
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(prefix + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ text, password, says string }{
		"empty":              {" ", "", "no PEM block with a private key"},
		"no PEM":             {"hunter2", "", "no PEM block with a private key"},
		"a public key":       {string(public), "", `a PEM block "PUBLIC KEY" is no private key`},
		"truncated":          {block("PRIVATE KEY", pkcs8(t, p256(t))[:40]), "", "decoding the private key"},
		"truncated SEC 1":    {block("EC PRIVATE KEY", []byte{48, 1}), "", "decoding the private key"},
		"no password":        {string(sealed), "", "it is encrypted, and COSIGN_PASSWORD is not set"},
		"wrong password":     {string(sealed), "wrong horse", "a wrong password in COSIGN_PASSWORD, or a damaged file"},
		"damaged":            {block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte(`{"kdf":{}}`)), "x", "a damaged file"},
		"a greedy KDF":       {block("ENCRYPTED COSIGN PRIVATE KEY", []byte(`{"kdf":{"name":"scrypt","params":{"N":1073741824,"r":8,"p":1},"salt":"AAAA"},"cipher":{"name":"nacl/secretbox","nonce":"AAAA"},"ciphertext":"AAAA"}`)), "x", "unsupported scrypt parameters"},
		"PBES2":              {block("ENCRYPTED PRIVATE KEY", []byte{1}), "x", "cosign import-key-pair"},
		"P-384":              {block("PRIVATE KEY", pkcs8(t, p384)), "", "only P-256 is taken"},
		"RSA":                {block("PRIVATE KEY", pkcs8(t, rsaKey)), "", "only ECDSA on P-256"},
		"Ed25519":            {block("PRIVATE KEY", pkcs8(t, edKey)), "", "only ECDSA on P-256"},
		"larger than a key":  {strings.Repeat("x", 65<<10), "", "no key is"},
		"an empty reference": {"", "", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if test.text == "" {
				file = ""
			} else if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			keyring := &sign.Keyring{Getenv: environment("COSIGN_PASSWORD", test.password)}
			_, err := keyring.Signer(t.Context(), file)
			wantError(t, err, "reading the private key "+file, test.says)
		})
	}
	keyring := &sign.Keyring{}
	_, err = keyring.Signer(t.Context(), "env://NOT_SET")
	wantError(t, err, "the environment variable NOT_SET is not set, or empty")
	_, err = keyring.Signer(t.Context(), "awskms://alias/x")
	wantError(t, err, "nothing here opens awskms://; what can be given is a file's path, env://NAME")
	for name, test := range map[string]struct{ text, says string }{
		"private key as public": {block("PRIVATE KEY", pkcs8(t, p256(t))), `a PEM block "PRIVATE KEY" is no public key`},
		"RSA":                   {block("PUBLIC KEY", pkix(t, rsaKey.Public())), "only ECDSA on P-256"},
		"P-384":                 {block("PUBLIC KEY", pkix(t, p384.Public())), "only P-256"},
		"nothing":               {"", "no PEM block"},
		"rubbish":               {block("PUBLIC KEY", []byte{1, 2}), "decoding the public key"},
	} {
		_, err := sign.ParsePublic([]byte(test.text))
		wantError(t, err, test.says)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// Two keys in one file are both trusted: the old one and the new, while keys change.
func TestSeveralPublicKeys(t *testing.T) {
	first, second := p256(t), p256(t)
	keys, err := sign.ParsePublic([]byte(block("PUBLIC KEY", pkix(t, first.Public())) + "between them\n" + block("PUBLIC KEY", pkix(t, second.Public()))))
	if err != nil || len(keys) != 2 || keys[0].ID == keys[1].ID {
		t.Fatalf("%v, %v", keys, err)
	}
	w := newWorld(t, true)
	signer, err := sign.NewPrivateKey(second)
	if err != nil {
		t.Fatal(err)
	}
	w.signImage(w.image, signer)
	if _, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{}); err != nil {
		t.Error(err)
	}
}

// service is a key that only signs: what a key-management service is.
type service struct {
	*sign.PrivateKey
	fails error
	wrong bool
}

func (s *service) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if s.fails != nil {
		return nil, s.fails
	}
	if s.wrong {
		message = append(message, 'x')
	}
	return s.PrivateKey.Sign(ctx, message)
}

func (s *service) Public() crypto.PublicKey { return s.PrivateKey.Public() }

// A key-management service signs; when it fails or gives something that does not
// verify, nothing is pushed.
func TestKeyManagementService(t *testing.T) {
	signer, err := sign.NewPrivateKey(p256(t))
	if err != nil {
		t.Fatal(err)
	}
	kms := &service{PrivateKey: signer}
	keyring := &sign.Keyring{KMS: map[string]func(context.Context, string) (sign.Signer, error){
		"testkms": func(_ context.Context, ref string) (sign.Signer, error) {
			if ref != "testkms://key/1" {
				return nil, errors.New("there is no such key")
			}
			return kms, nil
		},
	}}
	opened, err := keyring.Signer(t.Context(), "testkms://key/1")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Public(t.Context(), "testkms://key/1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = keyring.Signer(t.Context(), "testkms://key/2")
	wantError(t, err, "opening the key testkms://key/2: there is no such key")

	w := newWorld(t, true)
	kms.fails = errors.New("quota exceeded")
	_, err = sign.Sign(t.Context(), nil, w.image, opened)
	wantError(t, err, "signing "+w.repository.Name(), "quota exceeded")
	kms.fails, kms.wrong = nil, true
	_, err = sign.Sign(t.Context(), nil, w.image, opened)
	wantError(t, err, "does not verify with its public half")
	_, err = sign.Attest(t.Context(), nil, w.image, opened, cycloneDX())
	wantError(t, err, "does not verify with its public half")
	wantCauses(t, errorOf(sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{})), sign.NoSignature)
	kms.wrong = false
	w.signImage(w.image, opened)
	if _, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{}); err != nil {
		t.Error(err)
	}
}

func p256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func pkix(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
