// Package contract is what the generator and the servers have agreed on, as
// constants: docs/contract.md is its prose. Every concern that reaches into a
// model's pod, be it a probe, a Service, a network policy or a scaler, takes the names and
// numbers from here.
package contract
