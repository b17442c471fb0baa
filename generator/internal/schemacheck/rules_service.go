package schemacheck

import (
	corev1 "k8s.io/api/core/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func service(s *corev1.Service) field.ErrorList {
	spec := field.NewPath("spec")
	found := metavalidation.ValidateLabels(s.Spec.Selector, spec.Child("selector"))
	if d := s.Spec.TrafficDistribution; d != nil {
		switch *d {
		case corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode:
		default:
			found = append(found, field.NotSupported(spec.Child("trafficDistribution"), *d, []string{"PreferClose", "PreferSameZone", "PreferSameNode"}))
		}
	}
	external := s.Spec.Type == corev1.ServiceTypeExternalName
	if external && s.Spec.ExternalName == "" {
		found = append(found, field.Required(spec.Child("externalName"), "a Service of type ExternalName is nothing else"))
	}
	headless := s.Spec.ClusterIP == corev1.ClusterIPNone
	if len(s.Spec.Ports) == 0 && !external && !headless {
		found = append(found, field.Required(spec.Child("ports"), ""))
	}
	names := map[string]bool{}
	for i, p := range s.Spec.Ports {
		at := spec.Child("ports").Index(i)
		switch {
		case p.Name == "" && len(s.Spec.Ports) > 1:
			found = append(found, field.Required(at.Child("name"), "ports have names where there are several"))
		case p.Name != "":
			found = append(found, messages(at.Child("name"), p.Name, validation.IsDNS1123Label(p.Name))...)
		}
		if p.Name != "" && names[p.Name] {
			found = append(found, field.Duplicate(at.Child("name"), p.Name))
		}
		names[p.Name] = true
		found = append(found, messages(at.Child("port"), p.Port, validation.IsValidPortNum(int(p.Port)))...)
		found = append(found, portNumberOrName(p.TargetPort, at.Child("targetPort"))...)
		if p.AppProtocol != nil {
			found = append(found, metavalidation.ValidateLabelName(*p.AppProtocol, at.Child("appProtocol"))...)
		}
	}
	return found
}

// portNumberOrName takes the zero value for absent.
func portNumberOrName(port intstr.IntOrString, path *field.Path) field.ErrorList {
	switch {
	case port == intstr.IntOrString{}:
		return nil
	case port.Type == intstr.String:
		return messages(path, port.StrVal, validation.IsValidPortName(port.StrVal))
	}
	return messages(path, port.IntVal, validation.IsValidPortNum(int(port.IntVal)))
}

func configMap(c *corev1.ConfigMap) field.ErrorList {
	found, size := keys(c.Data, field.NewPath("data"))
	more, binarySize := keys(c.BinaryData, field.NewPath("binaryData"))
	found = append(found, more...)
	for key := range c.BinaryData {
		if _, twice := c.Data[key]; twice {
			found = append(found, field.Invalid(field.NewPath("binaryData").Key(key), key, "stands in data too"))
		}
	}
	return append(found, sizeOf(size+binarySize)...)
}

func secret(s *corev1.Secret) field.ErrorList {
	found, size := keys(s.Data, field.NewPath("data"))
	more, stringSize := keys(s.StringData, field.NewPath("stringData"))
	return append(append(found, more...), sizeOf(size+stringSize)...)
}

// keys judges the keys of a ConfigMap or Secret, which become file names, and adds up the values.
func keys[V string | []byte](data map[string]V, path *field.Path) (found field.ErrorList, size int) {
	for key, value := range data {
		found = append(found, messages(path.Key(key), key, validation.IsConfigMapKey(key))...)
		size += len(value)
	}
	return found, size
}

// sizeOf holds the content of a ConfigMap or Secret against corev1.MaxSecretSize.
func sizeOf(size int) field.ErrorList {
	if size <= corev1.MaxSecretSize {
		return nil
	}
	return field.ErrorList{field.TooLong(field.NewPath(""), "", corev1.MaxSecretSize)}
}
