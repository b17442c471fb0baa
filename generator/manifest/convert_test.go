package manifest

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// oddities holds what json tags can say and Kubernetes' types do not.
type oddities struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ObjectMeta `json:"metadata"`
	NoTag           string
	Hidden          string            `json:"-"`
	unexported      string            //nolint:unused // it is there to be left out
	Any             any               `json:"any"`
	Float           float64           `json:"float"`
	Bytes           []byte            `json:"bytes"`
	Array           [3]int8           `json:"array"`
	ByNumber        map[int]string    `json:"byNumber"`
	Quoted          quoted            `json:"quoted"`
	Zero            metav1.Duration   `json:"zero,omitzero"`
	Pointer         **string          `json:"pointer"`
	Raw             json.RawMessage   `json:"raw"`
	Number          json.Number       `json:"number"`
	NilMap          map[string]string `json:"nilMap"`
	Nested          map[string]nested `json:"nested"`
	Uint            uint64            `json:"uint"`
	Duration        *metav1.Duration  `json:"duration,omitempty"`
}

type quoted struct {
	Number int `json:"number,string"`
}

type nested struct {
	Children []nested `json:"children,omitempty"`
	Text     string   `json:"text"`
}

func kinds() []any {
	return []any{
		&corev1.Namespace{}, &corev1.ServiceAccount{}, &rbacv1.Role{}, &rbacv1.RoleBinding{},
		&rbacv1.ClusterRole{}, &corev1.ResourceQuota{}, &corev1.LimitRange{}, &networkingv1.NetworkPolicy{},
		&schedulingv1.PriorityClass{}, &appsv1.Deployment{}, &corev1.Service{}, &corev1.ConfigMap{},
		&autoscalingv2.HorizontalPodAutoscaler{}, &policyv1.PodDisruptionBudget{}, &oddities{},
	}
}

// TestFromIsEncodingJSON holds From to encoding/json on every kind that the
// generator makes, with everything in it set, and with ever less of it.
func TestFromIsEncodingJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, kind := range kinds() {
		t.Run(reflect.TypeOf(kind).Elem().Name(), func(t *testing.T) {
			for round := range 40 {
				fill(rng, reflect.ValueOf(kind).Elem(), 1-float64(round)/40, 0)
				got, err := Tree(kind)
				if err != nil {
					t.Fatal(err)
				}
				b, err := json.Marshal(kind)
				if err != nil {
					t.Fatal(err)
				}
				want, err := ParseJSON(b)
				if err != nil {
					t.Fatal(err)
				}
				if round == 0 && kind != any(&oddities{}) && !Equal(got, want) {
					t.Fatalf("a full object lost something:\n%v", Diff(want, got))
				}
				// From may leave out empty structs and an empty status; nothing else.
				for _, c := range Diff(got, want) {
					empty := c.New.IsMap() && !hasContent(c.New)
					if c.Old.Exists() || !(empty || c.Path == "status") {
						t.Fatalf("round %d: %s: encoding/json has %q, From has %q", round, c.Path, c.New.AppendYAML(nil), c.Old.AppendYAML(nil))
					}
				}
			}
		})
	}
}

func hasContent(n Node) bool {
	for _, f := range n.Fields() {
		if f.Value.Type() != MapType || hasContent(f.Value) {
			return true
		}
	}
	return n.Type() != MapType
}

// fill sets each field below v with probability p.
func fill(rng *rand.Rand, v reflect.Value, p float64, depth int) {
	_, recursive := v.Interface().([]nested)
	if rng.Float64() >= p && depth > 1 || depth > 24 || recursive && depth > 8 {
		v.SetZero()
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*x = resource.MustParse([]string{"500m", "8Gi", "0.5", "1e3", "16", "1500m"}[rng.IntN(6)])
		return
	case *intstr.IntOrString:
		*x = []intstr.IntOrString{intstr.FromInt32(8080), intstr.FromString("50%")}[rng.IntN(2)]
		return
	case *metav1.Time:
		*x = metav1.NewTime(time.Unix(1700000000, 0).UTC())
		return
	case *metav1.FieldsV1:
		x.SetRawString(`{"f:a":{}}`)
		return
	case *json.RawMessage:
		*x = json.RawMessage(`{"b":[1,null],"a":"<&>"}`)
		return
	case *json.Number:
		*x = "12.50"
		return
	case *any:
		*x = map[string]any{"z": 1.5, "a": []any{"x", nil, true, int64(7)}, "name": map[string]any{}}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(rng, v.Field(i), p, depth+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(rng, v.Elem(), p, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rng.IntN(3), 3))
		for i := range v.Len() {
			fill(rng, v.Index(i), p, depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(rng, v.Index(i), p, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + rng.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(rng, key, 1, 0)
			fill(rng, value, p, depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString([]string{"sentiment", "a <b> & c\u2028", "yes", "8Gi", "zwölf\n", `"`}[rng.IntN(6)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1 + rng.Int64N(120))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1 + rng.Uint64N(120))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{0.25, 1e21, 1e-9, 3}[rng.IntN(4)])
	}
}

// TestFromKeepsMeaningfulEmptyMaps: {} that a required struct or a pointer stands
// for says something; {} that no tag could omit does not.
func TestFromKeepsMeaningfulEmptyMaps(t *testing.T) {
	deny := &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: "default-deny"},
		Spec: networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}}},
		},
	}
	deployment := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "sentiment", Namespace: "tenant-acme"},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "server"}},
			Volumes:    []corev1.Volume{{Name: "models", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		}}},
	}
	for want, v := range map[string]any{
		`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
spec:
  ingress:
  - from:
    - namespaceSelector: {}
  podSelector: {}
  policyTypes:
  - Ingress
`: deny,
		`apiVersion: apps/v1
kind: Deployment
metadata:
  name: sentiment
  namespace: tenant-acme
spec:
  selector: null
  template:
    spec:
      containers:
      - name: server
      volumes:
      - name: models
        emptyDir: {}
`: deployment,
	} {
		o, err := From(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(o.AppendYAML(nil)); got != want {
			t.Errorf("got:\n%swant:\n%s", got, want)
		}
	}
}

func TestFromKeepsAStatusWithContent(t *testing.T) {
	pdb := &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: metav1.ObjectMeta{Name: "sentiment"},
	}
	o, err := From(pdb)
	if err != nil {
		t.Fatal(err)
	}
	if s := o.Root.Get("status"); s.Exists() {
		t.Errorf("an empty status is printed: %s", s.AppendYAML(nil))
	}
	pdb.Status.DisruptionsAllowed = 1
	if o, err = From(pdb); err != nil {
		t.Fatal(err)
	}
	if got := o.Root.Get("status", "disruptionsAllowed").Text(); got != "1" {
		t.Errorf("status.disruptionsAllowed = %q, want 1", got)
	}
}

func TestFromRefuses(t *testing.T) {
	good := func() *corev1.ConfigMap {
		return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	}
	for want, spoil := range map[string]func(*corev1.ConfigMap){
		"no apiVersion":                      func(c *corev1.ConfigMap) { c.APIVersion = "" },
		"no kind":                            func(c *corev1.ConfigMap) { c.Kind = "" },
		"no metadata.name":                   func(c *corev1.ConfigMap) { c.Name = "" },
		`data: k: "\xff" is not valid UTF-8`: func(c *corev1.ConfigMap) { c.Data = map[string]string{"k": "\xff"} },
		`the key "\xff" is not valid UTF-8`:  func(c *corev1.ConfigMap) { c.Data = map[string]string{"\xff": "v"} },
	} {
		c := good()
		spoil(c)
		if _, err := From(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if _, err := From(map[string]any{"a": func() {}}); err == nil {
		t.Error("a function was converted")
	}
}
