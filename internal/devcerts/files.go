package devcerts

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// Pair names the PEM files of a certificate and its key.
type Pair struct{ Cert, Key string }

// PairOf names the files of a member of a set: PairOf(dir, "gnmi/server").
func PairOf(dir, member string) Pair {
	base := filepath.Join(dir, filepath.FromSlash(member))
	return Pair{base + ".pem", base + "-key.pem"}
}

// Write puts certificate and key into files. Each replaces what was there at once, so that whoever reads sees the
// old or the new one whole; the key comes first, for a certificate without its key is of no use.
func (a *Authority) Write(files Pair) error {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	if err := replace(files.Key, "PRIVATE KEY", der, 0o600); err != nil {
		return err
	}
	return replace(files.Cert, "CERTIFICATE", a.Cert.Raw, 0o644)
}

func replace(file, kind string, der []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it has been renamed
	if err := pem.Encode(f, &pem.Block{Type: kind, Bytes: der}); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := f.Chmod(mode); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.Rename(f.Name(), file)
}
