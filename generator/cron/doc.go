// Package cron reads cron schedules of five fields and says when two of them, a
// beginning and an end, hold, and what is wrong with a text that is none. It takes text
// and gives times; it knows no clock and no fleet.
//
// The fields are read by robfig/cron, which Argo CD and KEDA use as well, so that no
// schedule means something else to them. A [Window] holds as KEDA's cron trigger
// decides it (pkg/scalers/cron_scaler.go of KEDA 2.21): while its next end is not
// after its next beginning.
package cron
