//go:build !unix

package main

// failAtLimits does nothing: such systems have no file-size limit.
func failAtLimits() {}
