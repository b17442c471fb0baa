package artifact

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// newCredentials finds the credentials where AWS's own clients do: in the
// environment's keys, else in the identity of the pod, which IRSA and EKS Pod
// Identity leave in the environment, else in that of the node. A store that
// wants none is asked without.
//
// An identity that is configured and cannot be had is an error. The client's own
// chain would go on without, and the store's answer, access denied, would send
// people looking for the mistake in the wrong place.
func newCredentials() *credentials.Credentials {
	client := &http.Client{Timeout: 10 * time.Second}
	switch {
	case os.Getenv("AWS_ACCESS_KEY_ID") != "":
		return credentials.New(&credentials.EnvAWS{})
	case os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "":
		return credentials.New(&identity{"the role " + os.Getenv("AWS_ROLE_ARN") + " (IRSA)", &credentials.IAM{
			Client: client, Endpoint: os.Getenv("AWS_ENDPOINT_URL_STS"), // "" is the region's
		}})
	case os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != "", os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "":
		return credentials.New(&identity{"the pod's identity", &credentials.IAM{Client: client}})
	}
	return credentials.NewChainCredentials([]credentials.Provider{&credentials.IAM{Client: client}})
}

// An identity says of whom the credentials are that it could not get.
type identity struct {
	whose string
	credentials.Provider
}

// RetrieveWithCredContext implements credentials.Provider.
func (i *identity) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	return i.explain(i.Provider.RetrieveWithCredContext(c))
}

// Retrieve implements credentials.Provider.
func (i *identity) Retrieve() (credentials.Value, error) {
	return i.explain(i.Provider.RetrieveWithCredContext(nil))
}

func (i *identity) explain(v credentials.Value, err error) (credentials.Value, error) {
	if err != nil {
		return v, fmt.Errorf("get credentials for %s: %w", i.whose, err)
	}
	return v, nil
}
