package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// The lengths of a secret's key in bytes that Standard Webhooks allows.
const (
	shortestKey = 24
	longestKey  = 64
)

const secretPrefix = "whsec_"

// Secret is a signing key shared with one endpoint. Printing or logging one
// shows no part of the key; [Secret.Reveal] does.
type Secret struct{ key string }

// NewSecret returns a random secret of 24 bytes.
func NewSecret() Secret {
	key := make([]byte, shortestKey)
	rand.Read(key) // never fails: the program ends if the system has no randomness
	return Secret{string(key)}
}

// ParseSecret reads a secret in its written form, "whsec_" and the key in
// padded base64. The error says what is wrong and does not repeat the secret.
func ParseSecret(text string) (Secret, error) {
	encoded, found := strings.CutPrefix(text, secretPrefix)
	if !found {
		return Secret{}, fmt.Errorf("a webhook secret begins with %q", secretPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	// The decoder skips line breaks, which a receiver's need not.
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return Secret{}, fmt.Errorf("a webhook secret is %q followed by padded base64", secretPrefix)
	}
	if len(key) < shortestKey || len(key) > longestKey {
		return Secret{}, fmt.Errorf("a webhook secret holds %d to %d bytes, this one %d", shortestKey, longestKey, len(key))
	}
	return Secret{string(key)}, nil
}

// Reveal returns the written form, which [ParseSecret] reads.
func (s Secret) Reveal() string {
	return secretPrefix + base64.StdEncoding.EncodeToString([]byte(s.key))
}

// String hides the key.
func (s Secret) String() string { return secretPrefix + "…" }

// GoString hides the key from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the key from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// sign returns one signature of a body: "v1," and the base64 of an HMAC-SHA256
// over id, whole seconds and body, with dots between.
func (s Secret) sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(s.key))
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signatures returns the signatures of all secrets, separated by blanks, so
// that a receiver who knows any one of them can verify.
func signatures(secrets []Secret, id string, at time.Time, body []byte) string {
	signed := make([]string, len(secrets))
	for i, s := range secrets {
		signed[i] = s.sign(id, at, body)
	}
	return strings.Join(signed, " ")
}
