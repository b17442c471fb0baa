// Package settings fills a flag set from three sources: the command line, the
// environment, and a file. The first that names a flag wins, and the flag's own
// default comes last. Everything is a flag, so there is one list of what can be
// set, one parser a type, and one help text.
package settings

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// Env is the environment variable of a flag: its name in capitals, with
// underscores.
func Env(flag string) string { return strings.ToUpper(strings.ReplaceAll(flag, "-", "_")) }

// Parse parses args into fs. Flags that args do not set are set from the
// environment; those left, from the JSON object in the file that the flag "config"
// names, if fs has such a flag and it is set.
func Parse(fs *flag.FlagSet, args []string, lookup func(string) (string, bool)) error {
	// The error comes back; printed by the flag set it would be seen twice.
	out := fs.Output()
	fs.SetOutput(io.Discard)
	err := fs.Parse(args)
	fs.SetOutput(out)
	if err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	set := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { set[f.Name] = true })
	var errs []error
	fs.VisitAll(func(f *flag.Flag) {
		// An empty variable is as good as none: that is how a manifest
		// template leaves one out.
		value, ok := lookup(Env(f.Name))
		if set[f.Name] || !ok || value == "" {
			return
		}
		set[f.Name] = true
		if err := fs.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("environment variable %s=%q: %w", Env(f.Name), value, err))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	config := fs.Lookup("config")
	if config == nil || config.Value.String() == "" {
		return nil
	}
	return fromFile(fs, config.Value.String(), set)
}

func fromFile(fs *flag.FlagSet, path string, set map[string]bool) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(b, &values); err != nil {
		return fmt.Errorf("%s: want a JSON object of flags and values: %w", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		raw := values[name]
		if fs.Lookup(name) == nil || name == "config" {
			return fmt.Errorf("%s: %q is not a setting", path, name)
		}
		if set[name] {
			continue
		}
		value := string(raw) // numbers and booleans as they stand
		switch raw[0] {
		case '"':
			if err := json.Unmarshal(raw, &value); err != nil {
				return fmt.Errorf("%s: %s: %w", path, name, err)
			}
		case '{', '[', 'n':
			return fmt.Errorf("%s: %s: want a string, a number or a boolean, not %.40s", path, name, raw)
		}
		if err := fs.Set(name, value); err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
	}
	return nil
}

// Usage prints the flags with their environment variables.
func Usage(fs *flag.FlagSet) {
	w := fs.Output()
	fs.VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(w, "  --%s", f.Name)
		if kind, _ := flag.UnquoteUsage(f); kind != "" {
			fmt.Fprintf(w, " %s", kind)
		}
		_, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "\n        %s [%s", usage, Env(f.Name))
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			fmt.Fprintf(w, ", default %s", f.DefValue)
		}
		fmt.Fprintln(w, "]")
	})
}

// A Bytes is a number of bytes, written as Kubernetes does: 512Mi, 8Gi, 1000.
type Bytes int64

// String implements flag.Value.
func (b *Bytes) String() string {
	n := int64(*b)
	for i := len(units) - 1; i >= 0; i-- {
		if u := units[i]; n != 0 && n%u.size == 0 {
			return fmt.Sprintf("%d%s", n/u.size, u.name)
		}
	}
	return fmt.Sprint(n)
}

var units = []struct {
	name string
	size int64
}{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}}

// Set implements flag.Value.
func (b *Bytes) Set(s string) error {
	size := int64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(s, u.name); ok {
			s, size = n, u.size
		}
	}
	var n int64
	if _, err := fmt.Sscanf(s+" ", "%d ", &n); err != nil || n < 0 || n > (1<<62)/size || fmt.Sprint(n) != s {
		return fmt.Errorf("want bytes such as 1000, 512Mi or 8Gi")
	}
	*b = Bytes(n * size)
	return nil
}
