package activity

import (
	"crypto/tls"
	"strings"

	"github.com/eventgres/eventgres/query/analytics"
)

// encryption is a connection's, in the words of pg_stat_ssl, which are OpenSSL's.
func encryption(version, suite uint16) *analytics.TLSActivity {
	a := &analytics.TLSActivity{Version: strings.Replace(tls.VersionName(version), "TLS ", "TLSv", 1), Cipher: openSSLName(tls.CipherSuiteName(suite)), Bits: 256}
	switch {
	case strings.Contains(a.Cipher, "AES_128"), strings.Contains(a.Cipher, "AES128"):
		a.Bits = 128
	case strings.Contains(a.Cipher, "3DES"):
		a.Bits = 112
	}
	return a
}

// openSSLName is OpenSSL's name of a cipher suite. Those of TLS 1.3 have the same, and the others are what they are made of.
func openSSLName(name string) string {
	exchange, cipher, ok := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	if !ok {
		return name
	}
	cipher = strings.Replace(strings.Replace(cipher, "AES_128", "AES128", 1), "AES_256", "AES256", 1)
	cipher = strings.Replace(strings.Replace(cipher, "_CBC_", "_", 1), "POLY1305_SHA256", "POLY1305", 1)
	if exchange == "RSA" {
		return strings.ReplaceAll(cipher, "_", "-")
	}
	return strings.ReplaceAll(exchange+"_"+cipher, "_", "-")
}
