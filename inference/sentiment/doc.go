// Package sentiment trains the classifier that ships with the server, on
// human-rated English snippets (see the model card in models/sentiment).
//
// The network is small on purpose: hashed words, their mean embedding, one
// hidden layer. It trains in seconds in plain Go, so the committed model can be
// made again, byte for byte, by anybody who has the data, and nobody has to
// believe a binary. Choices are made on a validation split (Tune); the test split
// is predicted once a training run, at its end (Build). The model card says what is
// known of how the committed settings were found.
package sentiment
