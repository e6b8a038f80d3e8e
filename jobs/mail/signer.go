package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer signs messages by DKIM (RFC 6376), so that mailboxes can tell that the
// shop's domain answers for them.
type Signer struct{ options dkim.SignOptions }

// signed are the headers that a signature covers: those of RFC 6376, section
// 5.4.1, and the ones that RFC 8058 wants covered. Each is named once more than it
// occurs where a second one would mislead people.
func signed() []string {
	return []string{"From", "From", "To", "Reply-To", "Subject", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
		"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"}
}

// NewSigner returns a signer for a domain. The key is PEM of an RSA or Ed25519 key,
// in PKCS #8 or PKCS #1.
func NewSigner(domain, selector string, key []byte) (*Signer, error) {
	if domain == "" || selector == "" {
		return nil, errors.New("DKIM needs a domain, a selector and a key")
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errors.New("the DKIM key is not in PEM")
	}
	signer, err := privateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return &Signer{dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: signer, Hash: crypto.SHA256, HeaderKeys: signed(),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}}, nil
}

func privateKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, checkStrength(key)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("the DKIM key is neither PKCS #8 nor PKCS #1: %w", err)
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return k, checkStrength(k)
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("the DKIM key is a %T; DKIM knows RSA and Ed25519", key)
}

// checkStrength refuses keys that mailboxes do not believe (RFC 8301).
func checkStrength(k *rsa.PrivateKey) error {
	if k.N.BitLen() < 1024 {
		return fmt.Errorf("the DKIM key has %d bits; mailboxes believe none below 1024, and 2048 are usual", k.N.BitLen())
	}
	return nil
}

// Record is the text that the domain's name server must have under
// selector._domainkey.domain.
func (s *Signer) Record() (name, text string, err error) {
	name = s.options.Selector + "._domainkey." + s.options.Domain
	switch public := s.options.Signer.Public().(type) {
	case ed25519.PublicKey:
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), err
	}
}

func (s *Signer) sign(data []byte) ([]byte, error) {
	var b bytes.Buffer
	options := s.options
	if err := dkim.Sign(&b, bytes.NewReader(data), &options); err != nil {
		return nil, fmt.Errorf("sign a mail by DKIM: %w", err)
	}
	return b.Bytes(), nil
}
