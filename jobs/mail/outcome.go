package mail

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// Result is how an attempt to send a mail ended.
type Result int

// The results.
const (
	Unknown   Result = iota // the end of the data was sent, and no answer came: it may have arrived, and must not be sent again
	Delivered               // the server took it over
	Retry                   // it was not taken, and may be sent again
	Refused                 // the server takes no such mail, ever
)

// Outcome is what became of an attempt.
type Outcome struct {
	Result Result
	Code   int    // the SMTP server's last answer, 0 if there was none
	Reason string // in words, without the shopper's address
}

// stage is where in an SMTP session something happened.
type stage string

// The stages. In the last three a refusal is of this mail; before, it is of us, and
// somebody may mend that.
const (
	connecting stage = "the connection"
	greeting   stage = "the greeting"
	securing   stage = "TLS"
	proving    stage = "the user and password"
	from       stage = "the sender"
	recipient  stage = "the recipient"
	begin      stage = "the data's begin"
	body       stage = "the data"
	end        stage = "the mail"
)

// failure is an error with its stage.
type failure struct {
	stage stage
	err   error
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %v", f.stage, f.err) }
func (f *failure) Unwrap() error { return f.err }

// outcomeOf says what an error at a stage means for a mail to a recipient.
func outcomeOf(s stage, err error, to string) Outcome {
	var answer *smtp.SMTPError
	if !errors.As(err, &answer) {
		o := Outcome{Result: Retry, Reason: masked(fmt.Sprintf("%s failed: %v", s, err), to)}
		if s == end {
			o = Outcome{Result: Unknown, Reason: masked(fmt.Sprintf("no answer came to the end of the mail: %v", err), to)}
		}
		return o
	}
	o := Outcome{Result: Retry, Code: answer.Code, Reason: masked(said(s, answer), to)}
	switch {
	case s == end && answer.Code >= 200 && answer.Code < 300:
		o.Result = Delivered // RFC 5321 lets a server choose among codes of success
	case answer.Code >= 500 && (s == recipient || s == begin || s == end):
		o.Result = Refused
	case s == end && answer.Code < 400:
		o.Result = Unknown // this is no answer to the end of the data
	}
	return o
}

func said(s stage, e *smtp.SMTPError) string {
	code := fmt.Sprint(e.Code)
	if e.EnhancedCode[0] > 0 {
		code += fmt.Sprintf(" %d.%d.%d", e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2])
	}
	return fmt.Sprintf("the server answered %s to %s: %s", code, s, e.Message)
}

// longestReason is how many bytes of a server's words are kept.
const longestReason = 200

// masked takes addresses out of a text. Servers like to repeat them, and outcomes
// are kept for good.
func masked(text, to string) string {
	local, _, _ := strings.Cut(to, "@")
	words := strings.Fields(oneLine(strings.ToValidUTF8(text, "")))
	for i, word := range words {
		bare := strings.Trim(word, `<>()[]"'.,;:`)
		if strings.Contains(word, "@") || local != "" && strings.EqualFold(bare, local) {
			words[i] = "…"
		}
	}
	text = strings.Join(words, " ")
	for len(text) > longestReason {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
