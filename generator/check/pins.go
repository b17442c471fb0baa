package check

import (
	"fmt"
	"net/netip"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// pins warns of images that nobody has built or resolved yet: their pods cannot start.
func (c *checker) pins() {
	for _, e := range c.fleet.Environments {
		for _, name := range keys(e.Pins) {
			if pin := e.Pins[name]; pin.Unproven {
				c.warn(pin.Position, fmt.Sprintf("image %s has no digest yet: %s", pin.Image, pin.Reason), "",
					fmt.Sprintf("mlfleet pin %s %s %s:%s@sha256:…", e.Name, name, pin.Image, pin.Tag))
			}
		}
	}
}

// openEndpoints warns of address ranges that are no fence at all.
func (c *checker) openEndpoints() {
	for _, cluster := range c.fleet.Clusters() {
		c.open(cluster.Spec.Endpoints.ObjectStore, cluster.Origins, "endpoints", "objectStore")
		c.open(cluster.Spec.Endpoints.STS, cluster.Origins, "endpoints", "sts")
		c.open(cluster.Spec.Ingress.CIDRs, cluster.Origins, "ingress", "cidrs")
	}
	for _, t := range c.fleet.Tenants {
		for i, egress := range t.Spec.Allow.Egress {
			c.open(egress.CIDRs, t.Origins, "allow", "egress", fmt.Sprint(i), "cidrs")
		}
	}
}

func (c *checker) open(cidrs []string, origins fleet.Origins, path ...string) {
	for i, cidr := range cidrs {
		if prefix, err := netip.ParsePrefix(cidr); err == nil && prefix.Bits() == 0 {
			at := origins.Origin(append(path, fmt.Sprint(i))...)
			c.warn(at.Position, cidr+" is every address there is", "", "name the ranges that are meant")
		}
	}
}
