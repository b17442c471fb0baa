// Package promote takes a pin from one environment to another once what is said
// about its image verifies. The pin itself is written by "mlfleet pin", which
// knows the file's form, keeps its comments and replaces it in one step: the
// target has the old pin or the new one, whatever fails.
package promote
