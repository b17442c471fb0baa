package schemacheck

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// externalSecret is the part of an ExternalSecret that names other objects and that
// others name.
type externalSecret struct {
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		SecretStoreRef struct{ Kind, Name string } `json:"secretStoreRef"`
		Target         struct {
			Name string `json:"name"`
		} `json:"target"`
		Data []struct {
			SecretKey string `json:"secretKey"`
		} `json:"data"`
	} `json:"spec"`
}

// addSecret remembers the keys of a Secret that an ExternalSecret makes.
func (cl *cluster) addSecret(e *externalSecret) {
	keys := make([]string, 0, len(e.Spec.Data))
	for _, d := range e.Spec.Data {
		keys = append(keys, d.SecretKey)
	}
	cl.secrets[named("Secret", e.Namespace, e.Spec.Target.Name)] = keys
}

func (cl *cluster) ofExternalSecret(e *externalSecret) []string {
	if e.Spec.SecretStoreRef.Kind == "ClusterSecretStore" {
		return cl.want("ClusterSecretStore", "", e.Spec.SecretStoreRef.Name)
	}
	return cl.want("SecretStore", e.Namespace, e.Spec.SecretStoreRef.Name)
}

// secretStore is the part of a SecretStore that names other objects.
type secretStore struct {
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Provider struct {
			AWS struct {
				Auth struct {
					JWT struct {
						ServiceAccountRef account `json:"serviceAccountRef"`
					} `json:"jwt"`
				} `json:"auth"`
			} `json:"aws"`
			Vault struct {
				Auth struct {
					Kubernetes struct {
						ServiceAccountRef account `json:"serviceAccountRef"`
					} `json:"kubernetes"`
				} `json:"auth"`
			} `json:"vault"`
		} `json:"provider"`
	} `json:"spec"`
}

type account struct {
	Name string `json:"name"`
}

func (cl *cluster) ofSecretStore(s *secretStore) []string {
	var wrong []string
	for _, a := range []account{s.Spec.Provider.AWS.Auth.JWT.ServiceAccountRef, s.Spec.Provider.Vault.Auth.Kubernetes.ServiceAccountRef} {
		if a.Name != "" {
			wrong = append(wrong, cl.want("ServiceAccount", s.Namespace, a.Name)...)
		}
	}
	return wrong
}

// secretsOf says which Secrets, and which keys of them, pods want that nobody makes. Those
// of an image's registry are the nodes' business and are not looked for.
func (cl *cluster) secretsOf(p pods) []string {
	var wrong []string
	want := func(name, key string, optional *bool) {
		id := named("Secret", p.namespace, name)
		keys, made := cl.secrets[id]
		switch {
		case isTrue(optional):
		case !made && !cl.names[id]:
			wrong = append(wrong, "names the "+id+", which nothing makes")
		case made && key != "" && !slices.Contains(keys, key):
			wrong = append(wrong, fmt.Sprintf("names the key %s of the %s, which does not get it", key, id))
		}
	}
	for _, v := range p.spec.Volumes {
		if s := v.Secret; s != nil {
			want(s.SecretName, "", s.Optional)
			for _, item := range s.Items {
				want(s.SecretName, item.Key, s.Optional)
			}
		}
	}
	for _, c := range slices.Concat(p.spec.InitContainers, p.spec.Containers) {
		for _, from := range c.EnvFrom {
			if s := from.SecretRef; s != nil {
				want(s.Name, "", s.Optional)
			}
		}
		for _, env := range c.Env {
			if ref := secretKey(env); ref != nil {
				want(ref.Name, ref.Key, ref.Optional)
			}
		}
	}
	return wrong
}

func secretKey(env corev1.EnvVar) *corev1.SecretKeySelector {
	if env.ValueFrom == nil {
		return nil
	}
	return env.ValueFrom.SecretKeyRef
}
