package activity

import (
	"crypto/tls"
	"testing"
)

func TestEncryption(t *testing.T) {
	for _, c := range []struct {
		version, suite uint16
		want           string
		bits           int
	}{
		{tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256, "TLSv1.3 TLS_AES_128_GCM_SHA256", 128},
		{tls.VersionTLS13, tls.TLS_CHACHA20_POLY1305_SHA256, "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256", 256},
		{tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384", 256},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "TLSv1.2 ECDHE-RSA-AES128-SHA", 128},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "TLSv1.2 ECDHE-RSA-CHACHA20-POLY1305", 256},
		{tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "TLSv1.2 AES128-GCM-SHA256", 128},
	} {
		if got := encryption(c.version, c.suite); got.Version+" "+got.Cipher != c.want || got.Bits != c.bits {
			t.Errorf("got %+v, want %s, %d bits", got, c.want, c.bits)
		}
	}
}
