package rootfs

// Limits are what an image may ask of the machine that reads it. They are checked while reading, so that the
// reader stops at the limit, not after it. A zero field means the field's value in [DefaultLimits].
type Limits struct {
	// Layers is the most layers an image may have. Overlay file systems stop at 128.
	Layers int
	// Entries is the most tar entries over all layers, of any kind.
	Entries int
	// FileBytes is the largest single file, in bytes, sparse files counted at the size that they claim.
	FileBytes int64
	// TotalBytes is the most bytes that all files of all layers hold, uncompressed.
	TotalBytes int64
	// Ratio is how many times larger than its compressed bytes a layer may become. It is looked at only when
	// a layer has given more than RatioFrom bytes: tiny layers of zeros compress a thousandfold and harm nobody.
	Ratio int64
	// RatioFrom is the number of uncompressed bytes from which Ratio holds.
	RatioFrom int64
	// PathBytes is the longest name, in bytes. Linux stops at 4096.
	PathBytes int
}

// DefaultLimits fit the largest images that we run (an inference server with CUDA is 20 GiB in 2 million
// entries) with room to spare, and stop a bomb long before it harms. Gzip can reach 1032:1, real layers stay below 20:1.
func DefaultLimits() Limits {
	return Limits{
		Layers:     128,
		Entries:    5_000_000,
		FileBytes:  32 << 30,
		TotalBytes: 128 << 30,
		Ratio:      200,
		RatioFrom:  64 << 20,
		PathBytes:  4096,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Layers == 0 {
		l.Layers = d.Layers
	}
	if l.Entries == 0 {
		l.Entries = d.Entries
	}
	if l.FileBytes == 0 {
		l.FileBytes = d.FileBytes
	}
	if l.TotalBytes == 0 {
		l.TotalBytes = d.TotalBytes
	}
	if l.Ratio == 0 {
		l.Ratio = d.Ratio
	}
	if l.RatioFrom == 0 {
		l.RatioFrom = d.RatioFrom
	}
	if l.PathBytes == 0 {
		l.PathBytes = d.PathBytes
	}
	return l
}
