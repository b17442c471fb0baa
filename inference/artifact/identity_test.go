package artifact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// anyIdentity says whether a test has configured one.
func anyIdentity() bool {
	return os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" || os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != ""
}

// seen is with what a store was asked: the access keys of the signatures, and the
// session tokens.
type seen struct {
	mu           sync.Mutex
	keys, tokens []string
}

var accessKey = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/us-east-1/s3/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$`)

// only passes requests on that are signed with one of the keys.
func (s *seen) only(keys ...string) func(w http.ResponseWriter, r *http.Request, next http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		key := ""
		if m := accessKey.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
			key = m[1]
		}
		s.mu.Lock()
		if !slices.Contains(s.keys, key) {
			s.keys, s.tokens = append(s.keys, key), append(s.tokens, r.Header.Get("X-Amz-Security-Token"))
		}
		s.mu.Unlock()
		if !slices.Contains(keys, key) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// file writes a token and returns where it is.
func file(t *testing.T, content string) string {
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// irsa sets the variables that EKS gives a pod whose service account has a role,
// with an STS that knows the pod's token. It hands out a key a call: sts-1, sts-2
// and so on, each valid for so long.
func irsa(t *testing.T, valid time.Duration) (calls *atomic.Int32) {
	calls = new(atomic.Int32)
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("RoleArn") != "arn:aws:iam::1:role/models" ||
			r.FormValue("WebIdentityToken") != "token of the pod" || r.FormValue("RoleSessionName") == "" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
			<AccessKeyId>sts-%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>session of sts-%d</SessionToken><Expiration>%s</Expiration>
			</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, n, n, time.Now().Add(valid).UTC().Format(time.RFC3339Nano))
	}))
	t.Cleanup(sts.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/models")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, "token of the pod"))
	return calls
}

// podIdentity sets the variables that EKS Pod Identity gives a pod, with its
// agent.
func podIdentity(t *testing.T) {
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/credentials" || r.Header.Get("Authorization") != "token of the agent" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"AccessKeyId":"pod","SecretAccessKey":"s","Token":"session of pod","AccountId":"1","Expiration":%q}`,
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(agent.Close)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.URL+"/v1/credentials")
	t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file(t, "token of the agent"))
}

func keys(t *testing.T, session string) {
	t.Setenv("AWS_ACCESS_KEY_ID", "static")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("AWS_SESSION_TOKEN", session)
}

func TestFetchAsksWithTheCredentialsOfItsSurroundings(t *testing.T) {
	for name, tc := range map[string]struct {
		set        func(t *testing.T)
		key, token string
	}{
		"keys":                     {func(t *testing.T) { keys(t, "") }, "static", ""},
		"keys of a session":        {func(t *testing.T) { keys(t, "of a session") }, "static", "of a session"},
		"IRSA":                     {func(t *testing.T) { irsa(t, time.Hour) }, "sts-1", "session of sts-1"},
		"Pod Identity":             {podIdentity, "pod", "session of pod"},
		"keys before identities":   {func(t *testing.T) { keys(t, ""); irsa(t, time.Hour); podIdentity(t) }, "static", ""},
		"IRSA before Pod Identity": {func(t *testing.T) { irsa(t, time.Hour); podIdentity(t) }, "sts-1", "session of sts-1"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.set(t)
			var s seen
			o, _ := store(t, s.only(tc.key))
			if err := Fetch(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if !visible(o) || !slices.Equal(s.keys, []string{tc.key}) || !slices.Equal(s.tokens, []string{tc.token}) {
				t.Errorf("asked with the keys %q and tokens %q, want %q and %q", s.keys, s.tokens, tc.key, tc.token)
			}
		})
	}
}

func TestFetchRenewsCredentialsThatExpire(t *testing.T) {
	calls := irsa(t, 200*time.Millisecond)
	var s seen
	pass := s.only("sts-1", "sts-2", "sts-3", "sts-4", "sts-5", "sts-6")
	begun := time.Now()
	o, _ := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if time.Since(begun) < 500*time.Millisecond {
			next = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		}
		pass(w, r, next)
	})
	o.Backoff = 50 * time.Millisecond
	if err := Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if calls.Load() < 2 || len(s.keys) < 2 || s.keys[0] != "sts-1" || s.keys[1] != "sts-2" {
		t.Errorf("STS was asked %d times, the store with %v", calls.Load(), s.keys)
	}
}

func TestFetchSaysWhyItHasNoCredentials(t *testing.T) {
	for name, tc := range map[string]struct {
		set  func(t *testing.T)
		want []string
		soon bool // trying again is of no use
	}{
		"STS refuses": {func(t *testing.T) {
			irsa(t, time.Hour)
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, "another token"))
		}, []string{"gave up", "get credentials for the role arn:aws:iam::1:role/models (IRSA)", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}, false},
		"the agent refuses": {func(t *testing.T) {
			podIdentity(t)
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file(t, "another token"))
		}, []string{"gave up", "get credentials for the pod's identity", "401"}, false},
		"no token": {func(t *testing.T) {
			irsa(t, time.Hour)
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", filepath.Join(t.TempDir(), "none"))
		}, []string{"(IRSA)", "no such file"}, true},
		"the store refuses": {func(t *testing.T) { keys(t, "") }, []string{"Access Denied"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			tc.set(t)
			var s seen
			o, _ := store(t, s.only("another key"))
			ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("gave up"))
			defer cancel()
			err := Fetch(ctx, o)
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("got %v, want %q in it", err, want)
				}
			}
			if soon := ctx.Err() == nil; soon != tc.soon {
				t.Errorf("gave up at once: %v, want %v", soon, tc.soon)
			}
			if name != "the store refuses" && len(s.keys) > 0 {
				t.Errorf("the store was asked all the same, with %q", s.keys)
			}
		})
	}
}
