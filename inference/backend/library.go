package backend

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	ort "github.com/yalue/onnxruntime_go"
)

// libraryName is the file that every ONNX Runtime package contains.
const libraryName = "libonnxruntime.so.1"

// FindLibrary locates ONNX Runtime. An explicit path is taken as it is; else
// the first that exists of: lib/ beside the executable, /opt/onnxruntime/lib,
// .cache/onnxruntime below the working directory or its parents (where `make
// lib` puts it). If none does, the bare name, which the dynamic linker looks
// for.
func FindLibrary(explicit string) string {
	if explicit != "" {
		return explicit
	}
	var dirs []string
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Join(filepath.Dir(exe), "lib"))
	}
	dirs = append(dirs, "/opt/onnxruntime/lib")
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			dirs = append(dirs, filepath.Join(dir, ".cache", "onnxruntime"))
		}
	}
	for _, dir := range dirs {
		p := filepath.Join(dir, libraryName)
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return libraryName
}

// Open loads ONNX Runtime. There is one a process; see Close.
func Open(library string) error {
	ort.SetSharedLibraryPath(library)
	// The runtime writes free text to standard error. Its errors come back
	// through the API as well and are logged in our own form.
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return fmt.Errorf("load ONNX Runtime from %s (`make lib` fetches it; --onnxruntime names it): %w", library, err)
	}
	if err := ort.DisableTelemetry(); err != nil {
		return errors.Join(fmt.Errorf("switch off ONNX Runtime's telemetry: %w", err), ort.DestroyEnvironment())
	}
	return nil
}

// Version is ONNX Runtime's version. Only after Open.
func Version() string { return ort.GetVersion() }

// Close unloads ONNX Runtime, but waits no longer than limit: its teardown has
// been seen to hang, and a process that is done must end.
func Close(limit time.Duration) {
	done := make(chan error, 1)
	go func() { done <- ort.DestroyEnvironment() }()
	select {
	case err := <-done:
		if err != nil {
			slog.Warn("ONNX Runtime did not unload", "error", err)
		}
	case <-time.After(limit):
		slog.Warn("ONNX Runtime is still unloading; leaving it", "after", limit)
	}
}
