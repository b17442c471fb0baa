// Package policy decides whether scanned images may go on: ci/policy.yaml says which severities block, how old a
// database may be, and which findings somebody has waived, why, and until when.
//
// A waiver is a debt with a date. It needs a reason, an owner and an expiry; past that day it blocks again and says since when; one
// that no longer matches anything is reported, so that the file does not become a list of old excuses.
//
// The judgement is a pure function of the policy, the results and a time.
package policy
