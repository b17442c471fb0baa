package contract

// The ports of every model's pods, whichever runtime serves it: Triton's own
// numbers (docs/contract.md).
const (
	PortHTTP    int32 = 8000
	PortGRPC    int32 = 8001
	PortMetrics int32 = 8002
)
