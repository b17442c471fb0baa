// Package yamldoc reads the small YAML files that people write for ci/ (the policy, the reviewed advisories) so that every
// mistake is told at its file, line and column, all of a file's mistakes at once.
//
// A reader names a mapping's fields and where each value goes:
//
//	err := node.Fields(map[string]yamldoc.Field{
//		"id":      yamldoc.Required(yamldoc.String(&w.ID)),
//		"expires": yamldoc.Required(yamldoc.Date(&w.Expires)),
//	})
//
// Unknown and repeated fields are errors, the unknown with the nearest known one; so are anchors, aliases, tags and second
// documents: a gate that a reviewer must understand has no use for them.
package yamldoc
