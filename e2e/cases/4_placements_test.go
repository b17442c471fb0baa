package cases

import (
	"fmt"
	"slices"
	"strings"
)

// placement is a row of the table of what should be where: a model in a cluster, the pool
// of nodes that it belongs on, and between how many replicas it scales.
type placement struct {
	cluster, tenant, model string
	pool                   string
	min, max               int
}

func (p placement) String() string {
	return fmt.Sprintf("%s/%s in %s", p.tenant, p.model, p.cluster)
}

// table is worked out by hand from tenants/, environments/, cue/defaults.cue and the pools
// in regions/: a line a model and group of clusters that treat it alike. At max replicas the
// pools of the sample fleet suffice everywhere; the tightest are acme-t4 in staging (two
// nodes of 4 vCPU for two replicas of 3) and cumulus-l4 in us-west-production (16
// replicas of 3 GiB on 8 nodes that have room for four each).
const placementTable = `
acme/ranker             cpu         8 40  us-east-production
acme/ranker             cpu         4 24  us-west-production eu-west-production ap-southeast-production
acme/ranker             cpu         1 2   us-east-staging us-west-staging eu-west-staging ap-southeast-staging
acme/ranker-canary      cpu         1 1   us-east-staging
acme/sentiment          a10g        2 10  us-east-production us-west-production eu-west-production
acme/sentiment          t4          2 10  ap-southeast-production
acme/sentiment          acme-t4     1 2   us-east-staging us-west-staging eu-west-staging ap-southeast-staging
acme/sentiment-canary   a10g        1 1   us-east-production us-west-production eu-west-production
acme/sentiment-canary   t4          1 1   ap-southeast-production
acme/vision-search      l40s-quad   2 4   us-east-production
acme/vision-search      l40s-quad   1 1   us-east-staging
borealis/doc-reader     a100-mig    2 6   us-east-production eu-west-production
borealis/doc-reader     a100-mig    1 2   us-east-staging eu-west-staging
borealis/fraud          cpu         6 6   us-east-production eu-west-production
borealis/fraud          cpu         1 1   us-east-staging eu-west-staging
borealis/kyc-faces      a10g        2 10  us-east-production eu-west-production
borealis/kyc-faces      a10g        1 2   us-east-staging eu-west-staging
cumulus/eta             cpu         3 29  us-east-production us-west-production
cumulus/eta             cpu         1 2   us-east-staging us-west-staging
cumulus/lanes           a10g        2 6   us-east-production
cumulus/lanes           l4          2 6   us-west-production
cumulus/tiles           cumulus-l4  4 16  us-west-production
cumulus/tiles           cumulus-l4  1 3   us-west-staging
deltamed/radiology      a100        1 2   eu-west-production
deltamed/radiology      a100        1 1   eu-west-staging
deltamed/sepsis         a100-mig    2 4   eu-west-production
deltamed/sepsis         a100-mig    1 2   eu-west-staging
deltamed/triage-notes   a100-mig    2 16  eu-west-production
deltamed/triage-notes   a100-mig    1 2   eu-west-staging
deltamed/triage-notes-canary a100-mig 1 2 eu-west-staging
echo/transcribe         a10g        3 20  us-east-production us-west-production eu-west-production
echo/transcribe         t4          3 20  ap-southeast-production
echo/transcribe         a10g        1 2   us-east-staging us-west-staging eu-west-staging
echo/transcribe         t4          1 2   ap-southeast-staging
echo/voice              h100        1 2   us-east-production us-west-production
echo/voice              h100        1 1   us-east-staging us-west-staging
echo/wake-word          cpu         2 10  us-east-production us-west-production eu-west-production ap-southeast-production
echo/wake-word          cpu         1 2   us-east-staging us-west-staging eu-west-staging ap-southeast-staging
fern/plant-id           l4          2 4   us-west-production
fern/plant-id           l4          0 1   us-west-staging
`

// placements are the rows of the table for the clusters that run.
func placements() []placement {
	var all []placement
	for line := range strings.Lines(placementTable) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		var p placement
		p.tenant, p.model, _ = strings.Cut(fields[0], "/")
		p.pool = fields[1]
		if _, err := fmt.Sscan(fields[2]+" "+fields[3], &p.min, &p.max); err != nil {
			panic(fmt.Sprintf("the table has the line %q: %v", line, err))
		}
		for _, p.cluster = range fields[4:] {
			if _, runs := the.Cluster(p.cluster); runs {
				all = append(all, p)
			}
		}
	}
	return slices.Clip(all)
}
