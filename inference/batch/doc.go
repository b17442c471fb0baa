// Package batch turns requests that arrive one by one into batches that a
// model runs at once.
//
// A Batcher owns one worker, the only goroutine that runs the model. It takes
// what is queued, up to the model's limit of rows. Only if it has reason to
// expect more does it wait, and never longer than the maximum delay after the
// oldest request arrived: "more" is as many rows as were in the server when the
// last batch ended, so that a lone client never waits for company, and eight
// clients in step are served as one batch of eight.
//
// Nothing is allocated for a request. A Call carries its memory from one
// request to the next, and is reference counted: the handler that gives up on
// a call and the worker that still computes it let go of it independently.
package batch
