package reference

// shapeNothing are the fields that are meant to shape no object, with the reason that a
// reader gets. Every other field has to shape one in the sample fleet, or to change what
// the checks between documents say; a field that does neither is a bug, and the survey
// fails and says so. A line here that is no longer true fails it too.
var shapeNothing = map[string]string{
	"Fleet metadata.name":                   "it is for people who have several fleets",
	"ImagePins metadata.name":               "it is the name of the environment, which has what that shapes",
	"ImagePins spec.images.<name>.tag":      "it is for people; containers run by digest",
	"ImagePins spec.images.<name>.unproven": "it is for the check of the pins, and warns for as long as it stands",
	"ImagePins spec.images.<name>.reason":   "the warning about an unproven pin quotes it",
}
