package schemacheck

import (
	"net/netip"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func networkPolicy(p *networkingv1.NetworkPolicySpec) field.ErrorList {
	spec := field.NewPath("spec")
	found := labelSelector(&p.PodSelector, spec.Child("podSelector"))
	for i, rule := range p.Ingress {
		at := spec.Child("ingress").Index(i)
		found = append(found, networkPorts(rule.Ports, at.Child("ports"))...)
		found = append(found, networkPeers(rule.From, at.Child("from"))...)
	}
	for i, rule := range p.Egress {
		at := spec.Child("egress").Index(i)
		found = append(found, networkPorts(rule.Ports, at.Child("ports"))...)
		found = append(found, networkPeers(rule.To, at.Child("to"))...)
	}
	return found
}

func networkPorts(list []networkingv1.NetworkPolicyPort, path *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, p := range list {
		at := path.Index(i)
		if p.Port != nil {
			found = append(found, portNumberOrName(*p.Port, at.Child("port"))...)
		}
		if p.EndPort == nil {
			continue
		}
		if p.Port == nil || p.Port.Type != intstr.Int || *p.EndPort < p.Port.IntVal || *p.EndPort > 65535 {
			found = append(found, field.Invalid(at.Child("endPort"), *p.EndPort, "must be a port after a numeric `port`"))
		}
	}
	return found
}

// networkPeers wants each peer to be either a range of addresses or a choice of
// pods. An empty peer is refused; that an empty *list* of peers means everybody is
// for the isolation checks to judge.
func networkPeers(list []networkingv1.NetworkPolicyPeer, path *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, peer := range list {
		at := path.Index(i)
		if setPointers(peer) == 0 {
			found = append(found, field.Required(at, "must specify a peer"))
		}
		if peer.PodSelector != nil {
			found = append(found, labelSelector(peer.PodSelector, at.Child("podSelector"))...)
		}
		if peer.NamespaceSelector != nil {
			found = append(found, labelSelector(peer.NamespaceSelector, at.Child("namespaceSelector"))...)
		}
		if peer.IPBlock == nil {
			continue
		}
		if setPointers(peer) > 1 {
			found = append(found, field.Forbidden(at, "may not specify both ipBlock and another peer"))
		}
		found = append(found, addressRange(peer.IPBlock, at.Child("ipBlock"))...)
	}
	return found
}

// addressRange wants ranges that begin at their first address (the API server only
// warns of others, and means the whole range) and exceptions strictly inside.
func addressRange(block *networkingv1.IPBlock, path *field.Path) field.ErrorList {
	whole, found := prefix(block.CIDR, path.Child("cidr"))
	for i, text := range block.Except {
		at := path.Child("except").Index(i)
		except, wrong := prefix(text, at)
		found = append(found, wrong...)
		if len(wrong) == 0 && whole.IsValid() && (except.Bits() <= whole.Bits() || !whole.Contains(except.Addr())) {
			found = append(found, field.Invalid(at, text, "must be a strict subset of `cidr`"))
		}
	}
	return found
}

func prefix(text string, path *field.Path) (netip.Prefix, field.ErrorList) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, field.ErrorList{field.Invalid(path, text, "must be a valid CIDR value")}
	}
	if p != p.Masked() {
		return p, field.ErrorList{field.Invalid(path, text, "must begin at its first address, "+p.Masked().String())}
	}
	return p, nil
}
