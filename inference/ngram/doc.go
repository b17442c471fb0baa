// Package ngram turns text into the integer features of a hashed n-gram
// model: token hashes of one or more orders, folded into a fixed number of
// buckets.
//
// Hashing needs no vocabulary file, so the whole of the text processing fits
// into a few numbers. The trainer writes those numbers into the model's
// config.json and the server reads them back; both then run this package, so
// that a model can never be fed features other than the ones it was trained
// on.
package ngram
