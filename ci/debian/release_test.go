package debian

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// captured is the time at which testdata/bookworm-security.InRelease was taken
// from Debian's mirrors; it is signed on 21 November and runs out on the 28th.
var captured = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

func debianRelease(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/bookworm-security.InRelease")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func debianKeys(t *testing.T, suite string) openpgp.EntityList {
	t.Helper()
	keys, err := keyring(suite)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// A Release that Debian signed is believed.
func TestDebianSignature(t *testing.T) {
	r, err := readRelease(debianRelease(t), debianKeys(t, "bookworm"), captured)
	if err != nil {
		t.Fatal(err)
	}
	if r.name != "bookworm-security" || r.until.Format(time.DateTime) != "2026-11-28 00:53:02" {
		t.Errorf("it is read as %q until %s", r.name, r.until)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		if f := r.files["main/binary-"+architecture+"/Packages.xz"]; len(f.sha256) != 64 || f.size < 1000 {
			t.Errorf("the index of %s is %+v", architecture, f)
		}
	}
}

// One that was changed, stripped of its signature, signed by somebody else, or
// that is of another time is not.
func TestSignatureRefused(t *testing.T) {
	raw := debianRelease(t)
	change := func(old, new string) []byte {
		t.Helper()
		if !bytes.Contains(raw, []byte(old)) {
			t.Fatalf("%q is not in the Release", old)
		}
		return bytes.Replace(raw, []byte(old), []byte(new), 1)
	}
	begin := bytes.Index(raw, []byte("-----BEGIN PGP SIGNATURE"))
	plain := bytes.Index(raw, []byte("Origin:"))
	hash := []byte(strings.Fields(string(raw[bytes.Index(raw, []byte("SHA256:\n"))+8:]))[0])
	mine := newKey(t)
	keys := debianKeys(t, "bookworm")
	for name, c := range map[string]struct {
		raw  []byte
		keys openpgp.EntityList
		now  time.Time
		want string
	}{
		"a hash tampered with":          {bytes.Replace(raw, hash, bytes.Repeat([]byte("0"), 64), 1), keys, captured, "none of Debian's keys"},
		"the code name changed":         {change("Codename: bookworm-security", "Codename: bookworm"), keys, captured, "none of Debian's keys"},
		"the end put off":               {change("Valid-Until: Sat, 28 Nov 2026", "Valid-Until: Sat, 28 Nov 2036"), keys, captured, "none of Debian's keys"},
		"a line added":                  {change("Origin: Debian\n", "Origin: Debian\nSHA256:\n "+strings.Repeat("0", 64)+" 1 main/x\n"), keys, captured, "none of Debian's keys"},
		"the signature cut off":         {raw[:begin+100], keys, captured, "carries no signature"},
		"the signature of another text": {slices.Concat(raw[:plain], []byte("Origin: Debian\n"), raw[begin:]), keys, captured, "none of Debian's keys"},
		"no signature":                  {raw[plain:begin], keys, captured, "carries no signature"},
		"nothing":                       {nil, keys, captured, "carries no signature"},
		"signed by another":             {sign(t, mine, string(raw[plain:begin])), keys, captured, "none of Debian's keys"},
		"another release's keys":        {raw, openpgp.EntityList{mine}, captured, "none of Debian's keys"},
		"run out":                       {raw, keys, captured.AddDate(0, 0, 7), "it ran out at 2026-11-28T00:53:02Z: the mirror is stale"},
		"from the future":               {raw, keys, captured.AddDate(0, -1, 0), "none of Debian's keys"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readRelease(c.raw, c.keys, c.now)
			wantError(t, err, c.want)
		})
	}
}

// Text around what is signed is not read.
func TestTextAroundSignature(t *testing.T) {
	raw := debianRelease(t)
	around := "SHA256:\n " + strings.Repeat("0", 64) + " 1 main/binary-amd64/Packages.xz\n\n"
	r, err := readRelease(slices.Concat([]byte(around), raw, []byte(around)), debianKeys(t, "bookworm"), captured)
	if err != nil {
		return // refused altogether is as good
	}
	if f := r.files["main/binary-amd64/Packages.xz"]; f.size == 1 {
		t.Error("what nobody signed was read")
	}
}

// There are keys for each release that is named in keys/README.md, three each,
// with the fingerprints that stand there.
func TestKeys(t *testing.T) {
	readme, err := os.ReadFile("keys/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range []string{"bookworm", "trixie"} {
		keys := debianKeys(t, suite)
		if len(keys) != 3 {
			t.Errorf("%s has %d keys, want 3", suite, len(keys))
		}
		for _, k := range keys {
			if print := fmt.Sprintf("%X", k.PrimaryKey.Fingerprint); !bytes.Contains(readme, []byte(print)) {
				t.Errorf("%s: keys/README.md does not name %s", suite, print)
			}
		}
	}
	_, err = keyring("sid")
	wantError(t, err, "no archive keys for the suite sid", "keys/sid.asc")
}

func TestParseReleaseRefuses(t *testing.T) {
	const date = "Date: Sat, 21 Nov 2026 00:53:02 UTC\n"
	line := " " + strings.Repeat("0", 64) + " 1 main/x\n"
	for name, c := range map[string][2]string{
		"no date":         {"SHA256:\n" + line, "no date"},
		"a date of none":  {"Date: today\nSHA256:\n" + line, "Date: "},
		"an end of none":  {date + "Valid-Until: never\nSHA256:\n" + line, "Valid-Until: "},
		"no files":        {date, "names no files"},
		"only MD5":        {date + "MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 main/x\n", "names no files"},
		"a short hash":    {date + "SHA256:\n 00 1 main/x\n", "is not hash, size and name"},
		"a negative size": {date + "SHA256:\n " + strings.Repeat("0", 64) + " -1 main/x\n", "is not hash, size and name"},
		"too many words":  {date + "SHA256:\n " + strings.Repeat("0", 64) + " 1 main/x y\n", "is not hash, size and name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseRelease([]byte(c[0]))
			wantError(t, err, c[1])
		})
	}
}

// newKey is a key that is not Debian's.
func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("somebody", "", "somebody@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return captured.AddDate(0, -2, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign signs a Release an hour before it was captured.
func sign(t *testing.T, key *openpgp.Entity, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := clearsign.Encode(&b, key.PrivateKey, &packet.Config{Time: func() time.Time { return captured.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// suite is what a mirror has of a suite: packages by architecture, in the form of an index.
func (s *site) suite(t *testing.T, key *openpgp.Entity, place, codename, more string, packages map[string]string) {
	t.Helper()
	list := ""
	for architecture, index := range packages {
		raw := compressed(t, ".xz", strings.NewReader(index))
		sum := fmt.Sprintf("%x", sha256.Sum256(raw))
		list += fmt.Sprintf(" %s %d main/binary-%s/Packages.xz\n", sum, len(raw), architecture)
		s.files[place+"/main/binary-"+architecture+"/by-hash/SHA256/"+sum] = raw
	}
	s.files[place+"/InRelease"] = sign(t, key, "Codename: "+codename+"\nDate: Sat, 21 Nov 2026 00:53:02 UTC\n"+more+"SHA256:\n"+list)
}
