package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"time"

	"github.com/minio/minio-go/v7"
)

// S3Options say how to reach an object store.
type S3Options struct {
	// Endpoint is the URL of a store that is not AWS; "" is AWS.
	Endpoint string
	Region   string
}

type bucket struct {
	core           minio.Core
	bucket, prefix string
}

// newS3 makes a source for a prefix in a bucket; see newCredentials for who asks.
func newS3(name, prefix string, o S3Options) (Source, error) {
	endpoint := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("S3 endpoint %q: want http://host or https://host", o.Endpoint)
		}
		endpoint = u
	}
	transport, err := minio.DefaultTransport(endpoint.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("set up the object store's transport: %w", err)
	}
	transport.ResponseHeaderTimeout = 30 * time.Second
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:     newCredentials(),
		Secure:    endpoint.Scheme == "https",
		Region:    o.Region,
		Transport: transport,
		// Fetch retries, with patience and a log line; twice would multiply.
		MaxRetries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the object store's client: %w", err)
	}
	client.SetAppInfo("mlfleet-inference", "1")
	return &bucket{core: minio.Core{Client: client}, bucket: name, prefix: prefix}, nil
}

func (b *bucket) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, error) {
	var o minio.GetObjectOptions
	if offset > 0 {
		if err := o.SetRange(offset, 0); err != nil {
			return nil, err
		}
	}
	key := path.Join(b.prefix, name)
	body, _, header, err := b.core.GetObject(ctx, b.bucket, key, o)
	if minio.ToErrorResponse(err).Code == minio.InvalidRange {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if err != nil {
		return nil, fmt.Errorf("get s3://%s/%s: %w", b.bucket, key, err)
	}
	if offset > 0 && header.Get("Content-Range") == "" {
		// A store that ignores ranges sends the file from its beginning.
		if _, err := io.CopyN(io.Discard, body, offset); err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(err, body.Close())
		}
	}
	return body, nil
}

func (b *bucket) Permanent(err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		return true // the token of an identity is not where the environment says
	}
	var answer minio.ErrorResponse // ToErrorResponse does not look inside wrapped errors
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code {
	case minio.NoSuchKey, minio.NoSuchBucket, minio.AccessDenied,
		"InvalidAccessKeyId", "SignatureDoesNotMatch", "PermanentRedirect":
		return true
	}
	return false
}
