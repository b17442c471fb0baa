// Package cron reads cron schedules of five fields as robfig/cron does, which is what
// KEDA and Argo CD use. It takes text and gives the times at which a schedule fires;
// it knows no clock and no fleet.
package cron
