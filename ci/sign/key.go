package sign

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Signer signs messages with a private key that never leaves it: a PrivateKey, or
// a key-management service.
type Signer interface {
	// Sign gives an ASN.1 DER ECDSA signature over the SHA-256 of message.
	Sign(ctx context.Context, message []byte) ([]byte, error)
	// Public is the key that verifies: *ecdsa.PublicKey on P-256.
	Public() crypto.PublicKey
	// KeyID names the key in messages.
	KeyID() string
}

// Key is a public key that signatures are verified with.
type Key struct {
	// ID is the SHA-256 of the key's DER SubjectPublicKeyInfo, in hex digits.
	ID     string
	public *ecdsa.PublicKey
}

// NewKey makes a Key of an *ecdsa.PublicKey on P-256. Other keys are refused: one
// algorithm is enough, and every further one is a way in.
func NewKey(public crypto.PublicKey) (Key, error) {
	ec, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return Key{}, fmt.Errorf("the key is %T: only ECDSA on P-256 is taken", public)
	}
	if ec.Curve != elliptic.P256() {
		return Key{}, fmt.Errorf("the key is ECDSA on %s: only P-256 is taken", ec.Curve.Params().Name)
	}
	der, err := x509.MarshalPKIXPublicKey(ec)
	if err != nil {
		return Key{}, fmt.Errorf("encoding the public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return Key{ID: hex.EncodeToString(sum[:]), public: ec}, nil
}

// verifies tells whether signature is this key's over message.
func (k Key) verifies(message, signature []byte) bool {
	sum := sha256.Sum256(message)
	return k.public != nil && ecdsa.VerifyASN1(k.public, sum[:], signature)
}

// PEM is the key as a PEM block "PUBLIC KEY".
func (k Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil, fmt.Errorf("encoding the public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: der}), nil
}

// ParsePublic reads one or more PEM blocks "PUBLIC KEY", ECDSA on P-256.
func ParsePublic(data []byte) ([]Key, error) {
	var keys []Key
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		if block.Type != publicBlock {
			return nil, fmt.Errorf("a PEM block %q is no public key: expected %q", block.Type, publicBlock)
		}
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("decoding the public key: %w", err)
		}
		key, err := NewKey(public)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no PEM block: expected \"-----BEGIN PUBLIC KEY-----\"")
	}
	return keys, nil
}

// PrivateKey is a private key in memory.
type PrivateKey struct {
	private *ecdsa.PrivateKey
	public  Key
}

// NewPrivateKey makes a PrivateKey of one on P-256.
func NewPrivateKey(private *ecdsa.PrivateKey) (*PrivateKey, error) {
	public, err := NewKey(private.Public())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{private: private, public: public}, nil
}

// Sign implements Signer.
func (k *PrivateKey) Sign(_ context.Context, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, k.private, sum[:])
}

// Public implements Signer.
func (k *PrivateKey) Public() crypto.PublicKey { return k.private.Public() }

// KeyID implements Signer.
func (k *PrivateKey) KeyID() string { return k.public.ID }
