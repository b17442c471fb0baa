// Package workloadtest is what the tests of all concerns share: a small fleet, made
// anew for every test, and ways to look at the objects that builders give.
package workloadtest
