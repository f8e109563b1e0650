package auth

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
)

// EndPoint is what SCRAM-SHA-256-PLUS binds to: the hash of the server's own leaf certificate, the one that this
// connection's handshake used, with the hash function of its signature, SHA-256 where that is MD5 or SHA-1 (RFC 5929).
// It is nil where that is not defined, Ed25519's, or read differently by clients, RSA-PSS's: libpq before 16
// fails with it. PLUS is then not offered.
func EndPoint(leaf *x509.Certificate) []byte {
	switch leaf.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.SHA256WithRSA, x509.ECDSAWithSHA256, x509.DSAWithSHA256:
		sum := sha256.Sum256(leaf.Raw)
		return sum[:]
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384:
		sum := sha512.Sum384(leaf.Raw)
		return sum[:]
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512:
		sum := sha512.Sum512(leaf.Raw)
		return sum[:]
	}
	return nil
}
