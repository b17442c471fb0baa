package settings_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/settings"
)

// A sample has a flag of each type that the commands use.
type sample struct {
	name    string
	rows    int
	delay   time.Duration
	strict  bool
	memory  settings.Bytes
	printed bytes.Buffer
}

func parse(t *testing.T, args []string, env map[string]string, file string) (*sample, error) {
	t.Helper()
	s := &sample{memory: 1 << 30}
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(&s.printed)
	fs.Usage = func() {}
	fs.String("config", "", "a JSON `file`")
	fs.StringVar(&s.name, "model-name", "none", "the `model`")
	fs.IntVar(&s.rows, "max-batch-size", 32, "most `rows`")
	fs.DurationVar(&s.delay, "max-queue-delay", 2*time.Millisecond, "longest `time`")
	fs.BoolVar(&s.strict, "require-checksums", false, "be strict")
	fs.Var(&s.memory, "max-memory-bytes", "most `bytes`")
	if file != "" {
		name := filepath.Join(t.TempDir(), "serve.json")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"--config", name}, args...)
	}
	err := settings.Parse(fs, args, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	return s, err
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	const file = `{"max-batch-size": 3, "model-name": "of the file"}`
	env := map[string]string{"MAX_BATCH_SIZE": "2", "MODEL_NAME": ""} // an empty variable is none
	for _, tc := range []struct {
		name string
		args []string
		env  map[string]string
		file string
		rows int
		want string
	}{
		{"default", nil, nil, "", 32, "none"},
		{"file", nil, nil, file, 3, "of the file"},
		{"environment", nil, env, file, 2, "of the file"},
		{"flag", []string{"--max-batch-size", "1"}, env, file, 1, "of the file"},
		{"flag with the default's value", []string{"--max-batch-size=32", "--model-name", ""}, env, file, 32, ""},
	} {
		s, err := parse(t, tc.args, tc.env, tc.file)
		if err != nil || s.rows != tc.rows || s.name != tc.want {
			t.Errorf("%s: %d rows, name %q, %v, want %d, %q", tc.name, s.rows, s.name, err, tc.rows, tc.want)
		}
	}
}

func TestEveryTypeComesFromEverySource(t *testing.T) {
	want := func(what string, s *sample, err error) {
		t.Helper()
		if err != nil || s.name != "a b" || s.rows != 7 || s.delay != 5*time.Second || !s.strict || s.memory != 8<<30 {
			t.Errorf("%s: %+v, %v", what, s, err)
		}
	}
	s, err := parse(t, []string{"--model-name", "a b", "--max-batch-size=7", "--max-queue-delay", "5s", "--require-checksums", "--max-memory-bytes", "8Gi"}, nil, "")
	want("flags", s, err)
	s, err = parse(t, nil, map[string]string{
		"MODEL_NAME": "a b", "MAX_BATCH_SIZE": "7", "MAX_QUEUE_DELAY": "5s", "REQUIRE_CHECKSUMS": "true", "MAX_MEMORY_BYTES": "8589934592",
	}, "")
	want("environment", s, err)
	s, err = parse(t, nil, nil, `{"model-name": "a b", "max-batch-size": 7, "max-queue-delay": "5s", "require-checksums": true, "max-memory-bytes": "8192Mi"}`)
	want("file", s, err)
}

func TestTheConfigurationFileMayBeNamedByTheEnvironment(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(name, []byte(`{"max-batch-size": 9}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := parse(t, nil, map[string]string{"CONFIG": name}, ""); err != nil || s.rows != 9 {
		t.Errorf("%d rows, %v", s.rows, err)
	}
}

func TestMistakesNameTheirSource(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		env  map[string]string
		file string
		want []string
	}{
		{"an unknown flag", []string{"--max-rows", "3"}, nil, "", []string{"-max-rows"}},
		{"a flag without its value", []string{"--max-batch-size"}, nil, "", []string{"-max-batch-size"}},
		{"a bad duration in a flag", []string{"--max-queue-delay", "2"}, nil, "", []string{"-max-queue-delay", `"2"`}},
		{"an argument", []string{"now"}, nil, "", []string{`unexpected argument "now"`}},
		{"a bad duration in the environment", nil, map[string]string{"MAX_QUEUE_DELAY": "soon"}, "", []string{"environment variable MAX_QUEUE_DELAY", `"soon"`}},
		{"two mistakes in the environment", nil, map[string]string{"MAX_QUEUE_DELAY": "x", "MAX_BATCH_SIZE": "y"}, "", []string{"MAX_QUEUE_DELAY", "MAX_BATCH_SIZE"}},
		{"an unknown key", nil, nil, `{"max-rows": 3}`, []string{"serve.json", `"max-rows" is not a setting`}},
		{"a file that names a file", nil, nil, `{"config": "other.json"}`, []string{"serve.json", `"config" is not a setting`}},
		{"a bad duration in the file", nil, nil, `{"max-queue-delay": "2 ms"}`, []string{"serve.json", "max-queue-delay"}},
		{"a number of no unit in the file", nil, nil, `{"max-queue-delay": 2}`, []string{"serve.json", "max-queue-delay"}},
		{"an object", nil, nil, `{"model-name": {"a": 1}}`, []string{"serve.json", "model-name", "not {"}},
		{"an array", nil, nil, `{"model-name": ["a"]}`, []string{"serve.json", "model-name", "not ["}},
		{"null", nil, nil, `{"model-name": null}`, []string{"serve.json", "model-name", "not null"}},
		{"a file that is no object", nil, nil, `["a"]`, []string{"serve.json", "want a JSON object"}},
		{"a file cut off", nil, nil, `{"a":`, []string{"serve.json", "want a JSON object"}},
		{"a file that is not there", []string{"--config", "/nowhere/c.json"}, nil, "", []string{"read the configuration", "/nowhere/c.json"}},
	} {
		s, err := parse(t, tc.args, tc.env, tc.file)
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", tc.name, err, want)
			}
		}
		if s.printed.Len() > 0 {
			t.Errorf("%s: printed as well: %s", tc.name, &s.printed)
		}
	}
	if _, err := parse(t, []string{"--help"}, nil, ""); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
}

func TestUsageListsEveryFlagWithItsVariable(t *testing.T) {
	var out bytes.Buffer
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(&out)
	fs.Int("max-batch-size", 32, "most `rows` of a batch")
	fs.Bool("require-checksums", false, "be strict")
	fs.String("pprof-address", "", "`host:port` of the profiler")
	settings.Usage(fs)
	const want = `  --max-batch-size rows
        most rows of a batch [MAX_BATCH_SIZE, default 32]
  --pprof-address host:port
        host:port of the profiler [PPROF_ADDRESS]
  --require-checksums
        be strict [REQUIRE_CHECKSUMS]
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestBytes(t *testing.T) {
	for in, want := range map[string]settings.Bytes{"0": 0, "1000": 1000, "1Ki": 1 << 10, "512Mi": 512 << 20, "8Gi": 8 << 30, "2Ti": 2 << 40} {
		var b settings.Bytes
		if err := b.Set(in); err != nil || b != want || b.String() != in {
			t.Errorf("%s: %d, written %s, %v", in, b, &b, err)
		}
	}
	for _, in := range []string{"", "x", "-1", "+1", "1.5Gi", "1 Gi", "1GiB", "8G", "Gi", "0x10", "9223372036854775808", "8388608Ti", "4611686018427387905"} {
		b := settings.Bytes(7)
		if err := b.Set(in); err == nil || b != 7 {
			t.Errorf("%q is read as %d", in, b)
		}
	}
}
