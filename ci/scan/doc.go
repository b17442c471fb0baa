// Package scan finds what is wrong with an image: known vulnerabilities of its Debian or Ubuntu packages and of the modules in
// its Go binaries, and secrets in any of its layers, also in those that a later layer hides.
//
// Trivy's detectors, severities and rules are called as a library; the walk over the image is ours (see rootfs), because Trivy's own brings five times
// the code, an experimental build of Go, and paths that go to the network. The nested module parity proves that both find the same.
//
// A scan asks nothing but the image and the database: no version check, no telemetry, no update. It has no clock: the time comes in, so that
// the same image, database and time give the same result, byte for byte.
//
// What a scan cannot judge it says, instead of passing it: an image with an rpm or apk database is an error, and packages of other
// languages are counted in [Result.Unread].
//
// Trivy writes to slog's default logger. A program that wants quiet sets that.
package scan
