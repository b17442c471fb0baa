package apiserver

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// golden is the sample fleet's generated tree.
const golden = "../../golden/"

// A judge is what an API server makes of the policies.
type judge struct {
	policies   []*admissionv1.ValidatingAdmissionPolicy
	bindings   map[string]*admissionv1.ValidatingAdmissionPolicyBinding // by the policy's name
	validators map[string]validating.Validator
}

func newJudge(t testing.TB) judge {
	t.Helper()
	j := judge{
		bindings:   map[string]*admissionv1.ValidatingAdmissionPolicyBinding{},
		validators: map[string]validating.Validator{},
	}
	for _, o := range read(t, golden+"platform/base/admission.yaml") {
		switch o.GetKind() {
		case "ValidatingAdmissionPolicy":
			policy := &admissionv1.ValidatingAdmissionPolicy{}
			into(t, o, policy)
			j.policies = append(j.policies, policy)
			j.validators[policy.Name] = compiled(t, policy)
		case "ValidatingAdmissionPolicyBinding":
			binding := &admissionv1.ValidatingAdmissionPolicyBinding{}
			into(t, o, binding)
			j.bindings[binding.Spec.PolicyName] = binding
		default:
			t.Fatalf("what is a %s doing among the policies?", o.GetKind())
		}
	}
	if len(j.policies) == 0 {
		t.Fatal("no policies")
	}
	return j
}

// compiled is the policy as the API server compiles a stored one: compilePolicy of
// its plugin, which is not exported. Expressions that do not compile fail the test.
func compiled(t testing.TB, policy *admissionv1.ValidatingAdmissionPolicy) validating.Validator {
	t.Helper()
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		t.Fatal(err)
	}
	withAuthorizer := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, v := range policy.Spec.Variables {
		result := compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, withAuthorizer, environment.NewExpressions)
		if result.Error != nil {
			t.Errorf("%s: variable %s: %v", policy.Name, v.Name, result.Error)
		}
	}
	var conditions, validations, messages []cel.ExpressionAccessor
	for i := range policy.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&policy.Spec.MatchConditions[i]))
	}
	for _, v := range policy.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason})
		var message cel.ExpressionAccessor
		if v.MessageExpression != "" {
			message = &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression}
		}
		messages = append(messages, message)
	}
	condition := func(expressions []cel.ExpressionAccessor, optional cel.OptionalVariableDeclarations) cel.ConditionEvaluator {
		evaluator := compiler.CompileCondition(expressions, optional, environment.NewExpressions)
		for _, err := range evaluator.CompilationErrors() {
			t.Errorf("%s: %v", policy.Name, err)
		}
		return evaluator
	}
	return validating.NewValidator(
		condition(validations, withAuthorizer),
		matchconditions.NewMatcher(condition(conditions, withAuthorizer), policy.Spec.FailurePolicy, "policy", "validate", policy.Name),
		condition(nil, withAuthorizer),
		condition(messages, cel.OptionalVariableDeclarations{}),
		policy.Spec.FailurePolicy, nil)
}

// A request is one to create an object, or to update old to it.
type request struct {
	object, old *unstructured.Unstructured
	subresource string
	namespace   *corev1.Namespace
}

// refusals are "policy: message" of every validation that denies the request.
func (j judge) refusals(t testing.TB, r request) []string {
	t.Helper()
	gvk := r.object.GroupVersionKind()
	gvr := schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: strings.ToLower(gvk.Kind) + "s"}
	operation, old := admission.Create, runtime.Object(nil)
	if r.old != nil {
		operation, old = admission.Update, r.old
	}
	attributes := admission.NewAttributesRecord(r.object, old, gvk, r.object.GetNamespace(), r.object.GetName(), gvr, r.subresource, operation, nil, false, nil)
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedObject: r.object, VersionedOldObject: old, VersionedKind: gvk}
	var found []string
	for _, policy := range j.policies {
		if !j.applies(t, policy, attributes, r.namespace) {
			continue
		}
		result := j.validators[policy.Name].Validate(t.Context(), gvr, versioned, nil, r.namespace, celconfig.RuntimeCELCostBudget, nil)
		for _, d := range result.Decisions {
			if d.Evaluation == validating.EvalError {
				t.Errorf("%s of %s/%s: %s", policy.Name, r.object.GetKind(), r.object.GetName(), d.Message)
			}
			if d.Action == validating.ActionDeny {
				found = append(found, policy.Name+": "+d.Message)
			}
		}
	}
	return found
}

func (j judge) applies(t testing.TB, policy *admissionv1.ValidatingAdmissionPolicy, attributes admission.Attributes, namespace *corev1.Namespace) bool {
	t.Helper()
	binding := j.bindings[policy.Name]
	if binding == nil || !slices.Contains(binding.Spec.ValidationActions, admissionv1.Deny) {
		t.Fatalf("%s is not in force", policy.Name)
	}
	selector, err := metav1.LabelSelectorAsSelector(binding.Spec.MatchResources.NamespaceSelector)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(labels.Set(namespace.Labels)) &&
		slices.ContainsFunc(policy.Spec.MatchConstraints.ResourceRules, func(kinds admissionv1.NamedRuleWithOperations) bool {
			matcher := rules.Matcher{Rule: kinds.RuleWithOperations, Attr: attributes}
			return matcher.Matches()
		})
}

// read gives the objects of a generated file.
func read(t testing.TB, path string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := decoder.Decode(o); err == io.EOF {
			return objects
		} else if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", path, err))
		}
		objects = append(objects, o)
	}
}

func into(t testing.TB, o *unstructured.Unstructured, typed any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, typed, true); err != nil {
		t.Fatal(err)
	}
}
