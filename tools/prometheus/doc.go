// Package prometheus proves what is generated for Prometheus with Prometheus' own code:
// its parser reads every expression, its rule engine runs every alert against series that
// must raise it and against series that must not, what the metrics adapter asks about GPUs
// is run for pods beside an idle GPU, and every metric that a rule or a
// dashboard asks for is one that somebody exports.
//
// It reads golden/ and imports nothing of the generator: what is proven is what will be
// applied. It is a module of its own because Prometheus' rule engine brings some five
// hundred packages along, which nobody should need who imports the generator. There is
// nothing in it but tests.
package prometheus
