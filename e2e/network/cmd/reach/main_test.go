package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestJudge makes sure that questions reach the engine whole: namespaces, labels,
// addresses, ports and both directions each decide one of the answers.
func TestJudge(t *testing.T) {
	const question = `{
  "policies": [
    {"metadata": {"name": "deny", "namespace": "a"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
    {"metadata": {"name": "in", "namespace": "a"}, "spec": {
      "podSelector": {"matchLabels": {"open": "yes"}}, "policyTypes": ["Ingress"],
      "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}], "ports": [{"port": 8000, "protocol": "TCP"}]}]}},
    {"metadata": {"name": "out", "namespace": "a"}, "spec": {
      "podSelector": {}, "policyTypes": ["Egress"],
      "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": [{"port": 443, "protocol": "TCP"}]}]}}
  ],
  "connections": [
    {"from": {"namespace": "b", "namespaceLabels": {"team": "b"}, "ip": "10.1.0.1"}, "to": {"namespace": "a", "podLabels": {"open": "yes"}, "ip": "10.1.0.2"}, "port": 8000, "protocol": "TCP"},
    {"from": {"namespace": "b", "namespaceLabels": {"team": "b"}, "ip": "10.1.0.1"}, "to": {"namespace": "a", "podLabels": {"open": "no"}, "ip": "10.1.0.2"}, "port": 8000, "protocol": "TCP"},
    {"from": {"namespace": "c", "namespaceLabels": {"team": "c"}, "ip": "10.1.0.1"}, "to": {"namespace": "a", "podLabels": {"open": "yes"}, "ip": "10.1.0.2"}, "port": 8000, "protocol": "TCP"},
    {"from": {"namespace": "b", "namespaceLabels": {"team": "b"}, "ip": "10.1.0.1"}, "to": {"namespace": "a", "podLabels": {"open": "yes"}, "ip": "10.1.0.2"}, "port": 8001, "protocol": "TCP"},
    {"from": {"namespace": "a", "ip": "10.1.0.2"}, "to": {"ip": "10.0.0.7"}, "port": 443, "protocol": "TCP"},
    {"from": {"namespace": "a", "ip": "10.1.0.2"}, "to": {"ip": "10.0.1.7"}, "port": 443, "protocol": "TCP"},
    {"from": {"namespace": "a", "ip": "10.1.0.2"}, "to": {"namespace": "b", "ip": "10.1.0.1"}, "port": 443, "protocol": "TCP"}
  ]}`
	want := []answer{
		{true, true, true},
		{false, true, false},
		{false, true, false},
		{false, true, false},
		{true, true, true},
		{false, false, true},
		{false, false, true},
	}
	var out bytes.Buffer
	if err := judge(strings.NewReader(question), &out); err != nil {
		t.Fatal(err)
	}
	var got []answer
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("connection %d: %+v, want %+v", i, got, want[i])
			break
		}
	}
}

func TestNotJSON(t *testing.T) {
	if err := judge(strings.NewReader("policies:"), &bytes.Buffer{}); err == nil {
		t.Error("a question that is no JSON was answered")
	}
}
