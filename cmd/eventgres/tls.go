package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/eventgres/eventgres/pgwire"
)

type tlsFlags struct {
	TLSCert       string `name:"tls-cert" reload:"" help:"Certificate of the server, PEM, with those up to a root; with --tls-key. Clients may then encrypt with TLS." type:"path"`
	TLSKey        string `name:"tls-key" reload:"" help:"Its key, PEM, which nobody else may read." type:"path"`
	TLSClientCA   string `name:"tls-client-ca" reload:"" help:"Certificates, PEM, of those who sign certificates of clients; rules may then ask for one." type:"path"`
	TLSSelfSigned bool   `name:"tls-self-signed" reload:"" help:"Make a certificate in the data directory, unless it has one: tls/server.crt, which clients take as sslrootcert."`
}

// on says whether there is to be a certificate.
func (f *tlsFlags) on() bool { return f.TLSSelfSigned || f.TLSCert != "" }

// files are those of the certificate, empty where there is to be none. One is made for a listen address, if that is asked for.
func (f *tlsFlags) files(data, listen string, logger *slog.Logger) (pgwire.TLSFiles, error) {
	files := pgwire.TLSFiles{Cert: f.TLSCert, Key: f.TLSKey, ClientCA: f.TLSClientCA}
	switch {
	case f.TLSSelfSigned && (f.TLSCert != "" || f.TLSKey != ""):
		return files, errors.New("--tls-self-signed makes what --tls-cert and --tls-key name: give it or them")
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return files, errors.New("--tls-cert and --tls-key belong together")
	case f.TLSSelfSigned:
		dir := filepath.Join(data, "tls")
		files.Cert, files.Key = filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
		if err := selfSign(files, listen, logger); err != nil {
			return files, fmt.Errorf("make a certificate: %w", err)
		}
	case f.TLSCert == "" && f.TLSClientCA != "":
		return files, errors.New("--tls-client-ca needs a certificate of the server: --tls-cert and --tls-key, or --tls-self-signed")
	}
	return files, nil
}

// load returns what connections are encrypted with, nil for nothing.
func (f *tlsFlags) load(data, listen string, logger *slog.Logger) (*pgwire.TLS, error) {
	files, err := f.files(data, listen, logger)
	if err != nil || !f.on() {
		return nil, err
	}
	return pgwire.LoadTLS(files, logger)
}

// selfSignedFor is how long a certificate lasts that was made here. Clients trust it by name, so that a new one has to
// be brought to each.
const selfSignedFor = 10 * 365 * 24 * time.Hour

// selfSign makes a key and a certificate that it signs, unless they are there. The key comes last: with it the two are whole.
func selfSign(files pgwire.TLSFiles, listen string, logger *slog.Logger) error {
	if _, err := os.Stat(files.Key); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := selfSigned(key, listen)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(files.Key), 0o700); err != nil {
		return err
	}
	if err := writePair(files.Cert, files.Key, certificate, key); err != nil {
		return err
	}
	logger.Info("made a TLS certificate; clients that check it take it as sslrootcert", "file", files.Cert)
	return nil
}

// writePair writes a certificate and its key, this last.
func writePair(certFile, keyFile string, certificate []byte, key *ecdsa.PrivateKey) error {
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name, kind string
		der        []byte
	}{{certFile, "CERTIFICATE", certificate}, {keyFile, "PRIVATE KEY", secret}} {
		text := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der})
		if err := os.WriteFile(file.name+".new", text, 0o600); err != nil {
			return err
		}
		if err := os.Rename(file.name+".new", file.name); err != nil {
			return err
		}
	}
	return nil
}

// selfSigned is a certificate for this machine's names and the listen address.
func selfSigned(key *ecdsa.PrivateKey, listen string) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "eventgres"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfSignedFor),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name, err := os.Hostname(); err == nil && name != "localhost" && name != "" {
		template.DNSNames = append(template.DNSNames, name)
	}
	if host, _, err := net.SplitHostPort(listen); err == nil {
		if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() && !ip.IsLoopback() {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if ip == nil && host != "" && host != "localhost" {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
}
