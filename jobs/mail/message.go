package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// Envelope says from whom and to whom a mail goes, and which it is.
type Envelope struct {
	ID             string // of what the mail tells: the same for every attempt to send it
	From           Address
	ReplyTo        Address // or the zero one
	To             string  // the shopper's address
	UnsubscribeURL string  // takes a POST for one click, and a GET for people
	Date           time.Time
}

// Message is a mail as it is sent.
type Message struct {
	ID   string // its Message-ID, without the angle brackets
	From string
	To   string
	Data []byte // headers and body, with CRLF
}

// MessageID returns the Message-ID of a mail: it follows from what the mail tells
// and the sender's domain, so that a mailbox that gets it twice can tell. What it
// follows from cannot be read from it.
func (e Envelope) MessageID() string {
	digest := sha256.Sum256([]byte("cartwright mail " + e.ID))
	return hex.EncodeToString(digest[:16]) + e.From.Email[strings.LastIndexByte(e.From.Email, '@'):]
}

// Compose puts a rendered mail into a message, signed if there is a signer. The
// error is of an envelope or a subject that must not be sent.
func Compose(e Envelope, r Rendered, s *Signer) (Message, error) {
	header, err := e.header(r.Subject)
	if err != nil {
		return Message{}, fmt.Errorf("compose a mail: %w", err)
	}
	var b bytes.Buffer
	w, err := mail.CreateInlineWriter(&b, header)
	if err != nil {
		return Message{}, fmt.Errorf("compose a mail: %w", err)
	}
	err = errors.Join(part(w, "text/plain", r.Text), part(w, "text/html", r.HTML), w.Close())
	if err != nil {
		return Message{}, fmt.Errorf("compose a mail: %w", err)
	}
	m := Message{ID: e.MessageID(), From: e.From.Email, To: e.To, Data: b.Bytes()}
	if s != nil {
		if m.Data, err = s.sign(m.Data); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}

// header writes the headers of a mail, after a look at all that goes into them.
func (e Envelope) header(subject string) (h mail.Header, err error) {
	if e.From.Email == "" || e.To == "" {
		return h, errors.New("it has no sender or no recipient")
	}
	for what, text := range map[string]string{"subject": subject, "sender": e.From.Name + e.From.Email,
		"address for answers": e.ReplyTo.Name + e.ReplyTo.Email, "id": e.ID} {
		if err := checkHeader(what, text); err != nil {
			return h, err
		}
	}
	if to, err := Mailbox(e.To); err != nil || to != e.To {
		return h, errMailbox
	}
	h.Set("MIME-Version", "1.0")
	// Nobody's holiday notice is to answer a machine (RFC 3834).
	h.Set("Auto-Submitted", "auto-generated")
	if e.UnsubscribeURL != "" {
		if err := listUnsubscribe(&h, e.UnsubscribeURL); err != nil {
			return h, err
		}
	}
	h.SetSubject(subject)
	if e.ReplyTo.Email != "" {
		h.SetAddressList("Reply-To", []*mail.Address{{Name: e.ReplyTo.Name, Address: e.ReplyTo.Email}})
	}
	h.SetAddressList("To", []*mail.Address{{Address: e.To}})
	h.SetAddressList("From", []*mail.Address{{Name: e.From.Name, Address: e.From.Email}})
	h.SetMessageID(e.MessageID())
	h.SetDate(e.Date)
	return h, nil
}

// listUnsubscribe writes the headers by which a mailbox offers to unsubscribe: by a
// link, and with one click (RFC 8058), which asks for HTTPS.
func listUnsubscribe(h *mail.Header, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(address, "<> \t\r\n\"") {
		return errors.New("the address to unsubscribe is none of the web")
	}
	if u.Scheme == "https" {
		h.Set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	h.Set("List-Unsubscribe", "<"+u.String()+">")
	return nil
}

// part writes one of the alternatives of a mail.
func part(w *mail.InlineWriter, kind, text string) error {
	h := mail.InlineHeader{Header: message.Header{}}
	h.SetContentType(kind, map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	p, err := w.CreatePart(h)
	if err != nil {
		return err
	}
	_, err = io.WriteString(p, text)
	return errors.Join(err, p.Close())
}
