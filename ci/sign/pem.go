package sign

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// Types of PEM blocks.
const (
	publicBlock  = "PUBLIC KEY"
	pkcs8Block   = "PRIVATE KEY"    // RFC 5958
	sec1Block    = "EC PRIVATE KEY" // RFC 5915: what "openssl ecparam -genkey" writes
	cosignBlock  = "ENCRYPTED SIGSTORE PRIVATE KEY"
	cosignBlock1 = "ENCRYPTED COSIGN PRIVATE KEY" // before cosign 2.0
)

// parsePrivate reads the first private key in PEM data. password is asked for
// only where the key is encrypted.
func parsePrivate(data []byte, password func() []byte) (*PrivateKey, error) {
	block, err := firstPrivate(data)
	if err != nil {
		return nil, err
	}
	der := block.Bytes
	if block.Type == cosignBlock || block.Type == cosignBlock1 {
		secret := password()
		if der, err = encrypted.Decrypt(der, secret); err != nil && len(secret) == 0 {
			return nil, fmt.Errorf("it is encrypted, and %s is not set: %w", PasswordVariable, err)
		} else if err != nil {
			return nil, fmt.Errorf("decrypting it (a wrong password in %s, or a damaged file): %w", PasswordVariable, err)
		}
	}
	if block.Type == sec1Block {
		private, err := x509.ParseECPrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("decoding the private key: %w", err)
		}
		return NewPrivateKey(private)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("decoding the private key: %w", err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is %T: only ECDSA on P-256 is taken", parsed)
	}
	return NewPrivateKey(private)
}

// firstPrivate is the first PEM block that holds a private key. openssl writes
// the curve's parameters before it.
func firstPrivate(data []byte) (*pem.Block, error) {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return nil, errors.New("it holds no PEM block with a private key")
		}
		data = rest
		switch block.Type {
		case pkcs8Block, sec1Block, cosignBlock, cosignBlock1:
			return block, nil
		case "EC PARAMETERS":
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("it is encrypted as PKCS#8 does it (PBES2): write it with 'cosign import-key-pair', or decrypt it with 'openssl pkcs8'")
		default:
			return nil, fmt.Errorf("a PEM block %q is no private key", block.Type)
		}
	}
}

// marshalPrivate gives a private key as PEM, encrypted as cosign does it where
// there is a password.
func marshalPrivate(private *ecdsa.PrivateKey, password []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encoding the private key: %w", err)
	}
	if len(password) == 0 {
		return pem.EncodeToMemory(&pem.Block{Type: pkcs8Block, Bytes: der}), nil
	}
	if der, err = encrypted.Encrypt(der, password); err != nil {
		return nil, fmt.Errorf("encrypting the private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: cosignBlock, Bytes: der}), nil
}
