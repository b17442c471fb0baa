// Package cosign proves with cosign's own library that what ci/sign writes is
// what cosign reads, and the other way round. It holds tests only, and is a
// module of its own: cosign brings 300 modules, and minutes of compiling, that
// nothing else here needs. It is run on demand and nightly (make -C ci cosign).
package cosign
