package backend

import (
	"bytes"
	"cmp"
	"debug/elf"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The files that ONNX Runtime's GPU packages add to libonnxruntime.so.1.
const (
	sharedProvider   = "libonnxruntime_providers_shared.so"
	cudaProvider     = "libonnxruntime_providers_cuda.so"
	tensorRTProvider = "libonnxruntime_providers_tensorrt.so"
)

// A cudaState is what CUDA's libraries answer: how many devices there are, and
// the error that every other call returns.
type cudaState struct {
	devices int
	code    int
	text    string
}

// The states, with the codes and words of the CUDA Runtime API. In a busy one
// there is a GPU, in exclusive mode, that another process holds.
var (
	noDevice = cudaState{0, 100, "no CUDA-capable device is detected"}
	busy     = cudaState{1, 46, "all CUDA-capable devices are busy or unavailable"}
)

// imports maps NVIDIA's libraries to the symbols, and those to the versions
// ("" is none), that ONNX Runtime's providers import from them.
type imports map[string]map[string]string

// readImports reads them from the dynamic sections of the providers in dir.
func readImports(t *testing.T, dir string) imports {
	t.Helper()
	libraries := imports{}
	ours := map[string]bool{}
	for _, name := range []string{sharedProvider, cudaProvider, tensorRTProvider} {
		f, err := elf.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("%v (`make gpulib` fetches it)", err)
		}
		defer f.Close()
		needed, err := f.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		for _, library := range needed {
			if isNVIDIA(library) && libraries[library] == nil {
				libraries[library] = map[string]string{}
			}
		}
		symbols, err := f.DynamicSymbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			switch {
			case s.Section != elf.SHN_UNDEF:
				ours[s.Name] = true // sharedProvider comes first, the others import from it
			case elf.ST_BIND(s.Info) == elf.STB_WEAK || ours[s.Name]:
			case isNVIDIA(s.Library):
				libraries[s.Library][s.Name] = s.Version
			case s.Library == "":
				libraries[tensorRTLibrary(s.Name)][s.Name] = ""
			}
		}
	}
	return libraries
}

func isNVIDIA(library string) bool {
	return strings.HasPrefix(library, "libcu") || strings.HasPrefix(library, "libnv")
}

// tensorRTLibrary tells where TensorRT has a symbol: its libraries have no
// symbol versions from which one could read it.
func tensorRTLibrary(symbol string) string {
	if strings.HasPrefix(symbol, "createNvOnnx") {
		return "libnvonnxparser.so.10"
	}
	return "libnvinfer.so.10"
}

// compile makes NVIDIA's libraries in a new folder: the real names, symbols
// and versions, so that ONNX Runtime's real providers load, and behind them the
// answers of a machine in that state.
func (libraries imports) compile(t *testing.T, state cudaState) string {
	t.Helper()
	dir := t.TempDir()
	for library, symbols := range libraries {
		source, script := filepath.Join(dir, library+".c"), filepath.Join(dir, library+".map")
		args := []string{"-w", "-shared", "-fPIC", "-o", filepath.Join(dir, library), "-Wl,-soname," + library, source}
		if versions := versionScript(symbols); len(versions) > 0 {
			write(t, script, versions)
			args = append(args, "-Wl,--version-script="+script)
		}
		write(t, source, state.source(symbols))
		if out, err := exec.Command(cmp.Or(os.Getenv("CC"), "gcc"), args...).CombinedOutput(); err != nil {
			t.Fatalf("compile %s: %v\n%s", library, err, out)
		}
	}
	return dir
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// source is C that defines the symbols. Callers pass arguments that the
// functions do not take; the calling convention of x86-64 allows it.
func (state cudaState) source(symbols map[string]string) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(symbols)) {
		switch {
		case name == "cudaGetDeviceCount" && state.devices > 0:
			fmt.Fprintf(&b, "int %s(int *n) { *n = %d; return 0; }\n", name, state.devices)
		case strings.HasSuffix(name, "ErrorString"):
			fmt.Fprintf(&b, "const char *%s(void) { return %q; }\n", name, state.text)
		case strings.HasSuffix(name, "Name") || strings.HasSuffix(name, "String"):
			fmt.Fprintf(&b, "const char *%s(void) { return \"error %d\"; }\n", name, state.code)
		default:
			fmt.Fprintf(&b, "int %s(void) { return %d; }\n", name, state.code)
		}
	}
	return b.Bytes()
}

func versionScript(symbols map[string]string) []byte {
	var b bytes.Buffer
	for _, version := range slices.Compact(slices.Sorted(maps.Values(symbols))) {
		if version == "" {
			continue
		}
		fmt.Fprintf(&b, "%s {\n", version)
		for _, name := range slices.Sorted(maps.Keys(symbols)) {
			if symbols[name] == version {
				fmt.Fprintf(&b, "\t%s;\n", name)
			}
		}
		b.WriteString("};\n")
	}
	return b.Bytes()
}
