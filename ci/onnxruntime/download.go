package onnxruntime

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// maxArchive is the most bytes of an archive; the largest, with the GPU
// providers, has 190 MB.
const maxArchive = 1 << 30

// A refusal is an answer that another attempt will not change.
type refusal struct{ status string }

func (e refusal) Error() string { return "the registry answers " + e.status }

// download writes the archive into a file, which may hold the beginning of it
// after an attempt that broke off, and compares it with the pin.
func (s *Source) download(ctx context.Context, p Pin, file *os.File) error {
	url, attempts, wait := s.url(p), s.Attempts, s.Wait
	if attempts == 0 {
		attempts = 4
	}
	if wait == 0 {
		wait = time.Second
	}
	for attempt := 1; ; attempt++ {
		err := s.resume(ctx, url, file)
		if err == nil {
			return verifyArchive(file, p)
		}
		if attempt == attempts || errors.As(err, new(refusal)) || ctx.Err() != nil {
			return fmt.Errorf("%s, attempt %d (name a registry that can be reached with %s): %w", url, attempt, RegistryVariable, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// resume asks for what is missing at the end of the file.
func (s *Source) resume(ctx context.Context, url string, file *os.File) error {
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if have > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch code := resp.StatusCode; {
	case code == http.StatusPartialContent && have > 0:
	case code == http.StatusOK: // from the beginning, whatever was asked for
		if have, err = 0, file.Truncate(0); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
	case code == http.StatusRequestedRangeNotSatisfiable:
		return errors.Join(errors.New("the registry has less than it sent before"), file.Truncate(0))
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return fmt.Errorf("the registry answers %s", resp.Status)
	default:
		return refusal{resp.Status}
	}
	n, err := io.Copy(file, io.LimitReader(resp.Body, maxArchive+1-have))
	if err != nil {
		return err
	}
	if have+n > maxArchive {
		return refusal{fmt.Sprintf("more than %d bytes", maxArchive)}
	}
	return nil
}

// verifyArchive compares the archive with its hash, before anything reads it.
func verifyArchive(file *os.File, p Pin) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha512.New()
	size, err := io.Copy(h, file)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != p.SHA512 {
		return fmt.Errorf("the archive (%d bytes) has sha512 %s, and %s pins %s: the registry, or somebody on the way, hands out another", size, got, PinsFile, p.SHA512)
	}
	return nil
}
