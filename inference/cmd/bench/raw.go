package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	ort "github.com/yalue/onnxruntime_go"
	"golang.org/x/sys/unix"

	"github.com/mlfleet/mlfleet/inference/backend"
)

// rawResult is what the child process of a raw measurement prints.
type rawResult struct {
	Rows int
	Wall float64 // seconds
	CPU  float64 // seconds
}

// raw measures ONNX Runtime in a process of its own, on core 0. ids is the
// length of the input, 0 for the large model's width.
func (b *bench) raw(model string, rows, ids int, d time.Duration) (measurement, error) {
	self, err := os.Executable()
	if err != nil {
		return measurement{}, err
	}
	cmd := exec.Command(self, "pinned", "0", self, "raw", "-model", filepath.Join(b.dir, model, "1", "model.onnx"),
		"-rows", fmt.Sprint(rows), "-ids", fmt.Sprint(ids), "-time", d.String(), "-onnxruntime", b.runtime)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return measurement{}, fmt.Errorf("raw run: %w", err)
	}
	var r rawResult
	if err := json.Unmarshal(out, &r); err != nil {
		return measurement{}, fmt.Errorf("raw run printed %q: %w", out, err)
	}
	return measurement{rate: float64(r.Rows) / r.Wall, perCPU: float64(r.Rows) / r.CPU}, nil
}

// raw is that child: a loop around the runtime and nothing else. Session options
// are the server's own; tensors are bound once.
func raw(args []string) (err error) {
	fs := flag.NewFlagSet("raw", flag.ExitOnError)
	model := fs.String("model", "", "")
	rows := fs.Int64("rows", 1, "")
	ids := fs.Int64("ids", 0, "")
	d := fs.Duration("time", time.Second, "")
	runtime := fs.String("onnxruntime", "", "")
	fs.Parse(args)
	if err := backend.Open(backend.FindLibrary(*runtime)); err != nil {
		return err
	}
	device, err := backend.Choose(backend.Options{Kind: backend.CPU, Threads: 1})
	if err != nil {
		return err
	}
	o, err := device.SessionOptions()
	if err != nil {
		return err
	}
	var in, out ort.Value
	names := [2]string{"x", "y"}
	if *ids > 0 {
		names = [2]string{"input_ids", "probabilities"}
		data := make([]int64, *rows**ids)
		for i := range data {
			data[i] = 1 + int64(i)*997%60000
		}
		var err1, err2 error
		in, err1 = ort.NewTensor(ort.NewShape(*rows, *ids), data)
		out, err2 = ort.NewEmptyTensor[float32](ort.NewShape(*rows, 2))
		err = errors.Join(err1, err2)
	} else {
		var err1, err2 error
		in, err1 = ort.NewEmptyTensor[float32](ort.NewShape(*rows, width))
		out, err2 = ort.NewEmptyTensor[float32](ort.NewShape(*rows, width))
		err = errors.Join(err1, err2)
	}
	if err != nil {
		return err
	}
	s, err := ort.NewDynamicAdvancedSession(*model, names[:1], names[1:], o)
	if err != nil {
		return err
	}
	bound, err := s.CreateIoBinding()
	if err != nil {
		return err
	}
	if err := errors.Join(bound.BindInput(names[0], in), bound.BindOutput(names[1], out)); err != nil {
		return err
	}
	loop := func(d time.Duration) (n int, wall time.Duration, err error) {
		for start := time.Now(); wall < d; wall = time.Since(start) {
			if err := s.RunWithBinding(bound); err != nil {
				return n, wall, err
			}
			n++
		}
		return n, wall, nil
	}
	if _, _, err := loop(*d / 5); err != nil { // warm up
		return err
	}
	cpu := ownCPU()
	n, wall, err := loop(*d)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(rawResult{n * int(*rows), wall.Seconds(), (ownCPU() - cpu).Seconds()})
}

func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
