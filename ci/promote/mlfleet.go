package promote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Pin has the program mlfleet (as Find gives it) write REPOSITORY:TAG@DIGEST as a
// pin of an environment of the fleet in dir, and gives what it said.
func Pin(ctx context.Context, mlfleet, dir, environment, pin, ref string) (string, error) {
	program := exec.CommandContext(ctx, mlfleet, "-C", dir, "pin", environment, pin, ref)
	var out bytes.Buffer
	program.Stdout, program.Stderr = &out, &out
	err := program.Run()
	said := strings.TrimSpace(out.String())
	if err != nil { // the caller says which pin
		return "", fmt.Errorf("%s pin %s %s: %w: %s", mlfleet, environment, ref, err, said)
	}
	return said, nil
}

// Find looks for the mlfleet program: where named says, or else beside
// executable (the program that runs), in ../bin from there, and on the PATH. With
// none it says how to build it.
func Find(named, executable string) (string, error) {
	if named != "" {
		found, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("looking for mlfleet: %w", err)
		}
		return filepath.Abs(found)
	}
	beside := filepath.Dir(executable)
	for _, candidate := range []string{filepath.Join(beside, "mlfleet"), filepath.Join(beside, "..", "bin", "mlfleet")} {
		info, err := os.Stat(candidate)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return filepath.Abs(candidate)
		}
	}
	found, err := exec.LookPath("mlfleet")
	if err != nil {
		return "", errors.New("mlfleet is neither beside this program, nor in ../bin from it, nor on the PATH: build it with 'make build' in the repository's root, or name it")
	}
	return filepath.Abs(found)
}
