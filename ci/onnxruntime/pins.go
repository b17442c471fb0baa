package onnxruntime

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
)

// PinsFile is the path of the pins in the repository.
const PinsFile = "inference/tools/onnxruntime.pins"

// Variants of the library.
const (
	CPU = "cpu" // libonnxruntime.so.1, with the GPU entry points
	GPU = "gpu" // the CUDA and TensorRT providers that go with it
)

// A Pin is what to take from one npm package.
type Pin struct {
	Variant      string // CPU or GPU
	Architecture string // as GOARCH has it
	Package      string // npm's name
	Version      string
	SHA512       string // of the archive, in hex; npm calls it integrity
	Folder       string // in the archive
	Files        []File
}

// A File is one of the files in a Pin's folder.
type File struct {
	Name   string // without a folder
	SHA256 string // in hex
}

// URI is the package URL of the npm package.
func (p Pin) URI() string {
	return "pkg:npm/" + strings.Replace(p.Package, "@", "%40", 1) + "@" + p.Version
}

// Pins are all pins of a file.
type Pins []Pin

// ReadPins reads a file of pins; PinsFile says in its head how it is written.
func ReadPins(file string) (Pins, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the pins of ONNX Runtime: %w", err)
	}
	pins, err := parsePins(string(raw))
	if err != nil {
		return nil, fmt.Errorf("read the pins of ONNX Runtime: %s:%w", file, err)
	}
	return pins, nil
}

// Find gives the pin of a variant for an architecture.
func (p Pins) Find(variant, architecture string) (Pin, error) {
	var has []string
	for _, pin := range p {
		if pin.Variant != variant {
			continue
		}
		if pin.Architecture == architecture {
			return pin, nil
		}
		has = append(has, pin.Architecture)
	}
	return Pin{}, fmt.Errorf("there is no ONNX Runtime (%s) for %s, only for %q; build for these, or add a pin to %s", variant, architecture, has, PinsFile)
}

func parsePins(text string) (Pins, error) {
	var pins Pins
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		pin, err := parsePin(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		if slices.ContainsFunc(pins, func(p Pin) bool { return p.Variant == pin.Variant && p.Architecture == pin.Architecture }) {
			return nil, fmt.Errorf("%d: %s/%s is pinned twice", n, pin.Variant, pin.Architecture)
		}
		pins = append(pins, pin)
	}
	if len(pins) == 0 {
		return nil, fmt.Errorf("%d: it pins nothing", n)
	}
	return pins, nil
}

var (
	packageName  = regexp.MustCompile(`^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$`)
	version      = regexp.MustCompile(`^[0-9][0-9A-Za-z.+-]*$`)
	architecture = regexp.MustCompile(`^[a-z0-9]+$`)
	fileName     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
)

func parsePin(fields []string) (Pin, error) {
	if len(fields) < 5 {
		return Pin{}, fmt.Errorf("it has %d fields; want variant/architecture, package@version, sha512, folder, file=sha256", len(fields))
	}
	p := Pin{SHA512: fields[2], Folder: fields[3]}
	p.Variant, p.Architecture, _ = strings.Cut(fields[0], "/")
	if at := strings.LastIndex(fields[1], "@"); at > 0 {
		p.Package, p.Version = fields[1][:at], fields[1][at+1:]
	}
	switch {
	case p.Variant != CPU && p.Variant != GPU, !architecture.MatchString(p.Architecture):
		return Pin{}, fmt.Errorf("%q is not cpu/ARCHITECTURE or gpu/ARCHITECTURE", fields[0])
	case !packageName.MatchString(p.Package), !version.MatchString(p.Version):
		return Pin{}, fmt.Errorf("%q is not PACKAGE@VERSION", fields[1])
	case !isHash(p.SHA512, 64):
		return Pin{}, fmt.Errorf("%q is not a SHA-512 in hex", p.SHA512)
	case !fs.ValidPath(p.Folder):
		return Pin{}, fmt.Errorf("%q is not a folder of the archive", p.Folder)
	}
	for _, f := range fields[4:] {
		name, sum, _ := strings.Cut(f, "=")
		if !fileName.MatchString(name) || !isHash(sum, 32) {
			return Pin{}, fmt.Errorf("%q is not FILE=SHA256", f)
		}
		p.Files = append(p.Files, File{Name: name, SHA256: sum})
	}
	return p, nil
}

// isHash says whether s is so many bytes in lower-case hex.
func isHash(s string, size int) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == size && s == strings.ToLower(s)
}
