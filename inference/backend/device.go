package backend

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Kind is a sort of device, as --device names it.
type Kind string

// The kinds of device. Auto is a wish, never what a Device is.
const (
	Auto     Kind = "auto"
	CUDA     Kind = "cuda"
	TensorRT Kind = "tensorrt"
	CPU      Kind = "cpu"
)

// Options say which device is wanted and how it is used.
type Options struct {
	Kind Kind
	// ID is the index of the GPU among those that the container sees. A MIG
	// slice appears as 0.
	ID int
	// MemoryLimit bounds the runtime's arena on the GPU, in bytes; 0 leaves it
	// open. Replicas that share a GPU each need one.
	MemoryLimit int64
	// Threads of one operator on the CPU; 0 means as many as Go may use.
	Threads int
	// EngineCache is a folder in which TensorRT keeps its built engines, or "".
	EngineCache string
}

// A Device is what models run on.
type Device struct {
	Kind Kind
	ID   int
	// Why explains how the choice fell, for people.
	Why string

	options Options
	strict  bool // no node of a model may land on the CPU unseen

	// mu lets one batch at a time onto the device, whichever model it is for.
	// Two would only slow each other down and make latencies unpredictable.
	mu sync.Mutex
}

// String names the device: "cuda:0", "cpu".
func (d *Device) String() string {
	if d.Kind == CPU {
		return string(CPU)
	}
	return fmt.Sprintf("%s:%d", d.Kind, d.ID)
}

// Choose finds the device that options ask for and proves that it works. A
// kind other than Auto is taken or fails; Auto takes CUDA if it works and the
// CPU if not, and Why says what stood in the way.
func Choose(o Options) (*Device, error) {
	switch o.Kind {
	case CPU, CUDA, TensorRT:
		d := &Device{Kind: o.Kind, ID: o.ID, Why: "asked for", options: o, strict: true}
		if err := reason(d.probe()); err != nil {
			return nil, fmt.Errorf("device %s was asked for and does not work: %w", d, err)
		}
		return d, nil
	case Auto, "":
		gpu := &Device{Kind: CUDA, ID: o.ID, Why: "auto: a test model ran on it", options: o}
		err := reason(gpu.probe())
		if err == nil {
			return gpu, nil
		}
		cpu := &Device{Kind: CPU, Why: fmt.Sprintf("auto: %s does not work: %v", gpu, err), options: o}
		if err := cpu.probe(); err != nil {
			return nil, fmt.Errorf("not even the CPU works: %w", err)
		}
		return cpu, nil
	}
	return nil, fmt.Errorf("device %q is unknown; want auto, cuda, tensorrt or cpu", o.Kind)
}

// SessionOptions are the runtime's options for one session on the device. The
// caller destroys them.
func (d *Device) SessionOptions() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("make session options: %w", err)
	}
	if err := d.configure(o); err != nil {
		o.Destroy()
		return nil, err
	}
	return o, nil
}

func (d *Device) configure(o *ort.SessionOptions) error {
	threads := d.options.Threads
	if d.Kind != CPU {
		threads = 1
	}
	return errors.Join(
		o.SetIntraOpNumThreads(threads),
		o.SetInterOpNumThreads(1),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
		// Spinning threads win a little latency and take the CPU from the
		// goroutines that decode the next batch.
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		d.addProviders(o),
	)
}

func (d *Device) addProviders(o *ort.SessionOptions) error {
	if d.Kind == CPU {
		return nil
	}
	if d.Kind == TensorRT {
		if err := d.addTensorRT(o); err != nil {
			return err
		}
	}
	if err := d.addCUDA(o); err != nil {
		return err
	}
	if d.strict {
		// Without this, nodes that the provider cannot run go to the CPU and
		// the only sign is a slow server.
		if err := o.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1"); err != nil {
			return fmt.Errorf("forbid falling back to the CPU: %w", err)
		}
	}
	return nil
}

func (d *Device) addCUDA(o *ort.SessionOptions) error {
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return fmt.Errorf("this ONNX Runtime has no CUDA: %w", err)
	}
	defer cuda.Destroy()
	set := map[string]string{"device_id": strconv.Itoa(d.ID)}
	if d.options.MemoryLimit > 0 {
		set["gpu_mem_limit"] = strconv.FormatInt(d.options.MemoryLimit, 10)
		// Doubling overshoots a tight limit; grow by what is asked for.
		set["arena_extend_strategy"] = "kSameAsRequested"
	}
	if err := cuda.Update(set); err != nil {
		return fmt.Errorf("set up CUDA on GPU %d: %w", d.ID, err)
	}
	if err := o.AppendExecutionProviderCUDA(cuda); err != nil {
		return fmt.Errorf("add CUDA on GPU %d: %w", d.ID, err)
	}
	return nil
}

func (d *Device) addTensorRT(o *ort.SessionOptions) error {
	rt, err := ort.NewTensorRTProviderOptions()
	if err != nil {
		return fmt.Errorf("this ONNX Runtime has no TensorRT: %w", err)
	}
	defer rt.Destroy()
	set := map[string]string{"device_id": strconv.Itoa(d.ID)}
	if d.options.EngineCache != "" {
		set["trt_engine_cache_enable"] = "1"
		set["trt_engine_cache_path"] = d.options.EngineCache
	}
	if d.options.MemoryLimit > 0 {
		set["trt_max_workspace_size"] = strconv.FormatInt(d.options.MemoryLimit, 10)
	}
	if err := rt.Update(set); err != nil {
		return fmt.Errorf("set up TensorRT on GPU %d: %w", d.ID, err)
	}
	if err := o.AppendExecutionProviderTensorRT(rt); err != nil {
		return fmt.Errorf("add TensorRT on GPU %d: %w", d.ID, err)
	}
	return nil
}
