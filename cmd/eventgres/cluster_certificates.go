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
	"math/big"
	"os"
	"path/filepath"
	"time"
)

type clusterCertificatesCommand struct {
	Out   string   `default:"certificates" help:"Directory; made if missing. What is in it is used again: more nodes may be added." type:"path"`
	Nodes []string `arg:"" name:"node" help:"Names of nodes."`

	quiet bool
}

// nodesFor is how long certificates of nodes last.
const nodesFor = 10 * 365 * 24 * time.Hour

func (c *clusterCertificatesCommand) Run() error {
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return err
	}
	ca, caKey, err := c.authority()
	if err != nil {
		return err
	}
	for _, name := range c.Nodes {
		file := filepath.Join(c.Out, name)
		if _, err := os.Stat(file + ".key"); err == nil {
			continue
		}
		template := &x509.Certificate{
			Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		if err := makeCertificate(template, ca, caKey, file); err != nil {
			return err
		}
		if !c.quiet {
			fmt.Printf("%s.crt, %s.key\n", file, file)
		}
	}
	return nil
}

// authority reads the certificate that signs, or makes it.
func (c *clusterCertificatesCommand) authority() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	file := filepath.Join(c.Out, "ca")
	if _, err := os.Stat(file + ".key"); errors.Is(err, fs.ErrNotExist) {
		template := &x509.Certificate{
			Subject: pkix.Name{CommonName: "nodes of a cluster"}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		if err := makeCertificate(template, nil, nil, file); err != nil {
			return nil, nil, err
		}
	} else if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(file + ".crt")
	if err != nil {
		return nil, nil, err
	}
	secret, err := os.ReadFile(file + ".key")
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(text)
	keyBlock, _ := pem.Decode(secret)
	if block == nil || keyBlock == nil {
		return nil, nil, fmt.Errorf("%s.crt or %s.key is not PEM", file, file)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, nil, err
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s.key was not made here", file)
	}
	return certificate, signer, nil
}

// makeCertificate makes a key and a certificate, signed by itself where there is no other. With the key, which comes last, they are whole.
func makeCertificate(template, parent *x509.Certificate, signer *ecdsa.PrivateKey, file string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, now.Add(-time.Hour), now.Add(nodesFor)
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return err
	}
	return writePair(file+".crt", file+".key", der, key)
}
