// Package sentiment trains the classifier that ships with the server, on
// human-rated English snippets (see the model card in models/sentiment).
//
// The network is small on purpose: hashed words, their mean embedding, one
// hidden layer. It trains in seconds in plain Go, so the committed model can be
// made again, byte for byte, by anybody who has the data, and nobody has to
// believe a binary. Every choice was made on a validation split; the test
// split is only ever scored.
package sentiment
