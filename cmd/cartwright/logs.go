package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// newLogger returns a logger that writes a line of JSON for each thing worth saying. Who a shopper is
// does not belong there: nothing says it on purpose, and what an error's text may repeat is taken out.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: discreet}))
}

// discreet is what becomes of an attribute on its way into the log.
func discreet(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case error:
		return slog.String(a.Key, silenced(v.Error()))
	case string:
		return slog.String(a.Key, silenced(v))
	case slog.Level, time.Time, time.Duration, slog.LogValuer, sessions.Seq, database.Durability:
		return a
	}
	if a.Value.Kind() == slog.KindAny { // it could hold anything
		return slog.String(a.Key, fmt.Sprintf("a %T", a.Value.Any()))
	}
	return a
}

// silences are what must not stand in a log wherever it turns up, with what stands there instead.
var silences = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"(email)":  regexp.MustCompile(`[^\s"'<>(),;:=?&/]+@[^\s"'<>(),;:=?&/]+`),
		"(key)":    regexp.MustCompile(`\b(wk|sk)_\w+`),
		"(secret)": regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/=]+`),
		"?…":       regexp.MustCompile(`\?[^\s"]*=[^\s"]*`), // a query
	}
})

func silenced(text string) string {
	text = database.Redact(text)
	for instead, what := range silences() {
		text = what.ReplaceAllLiteralString(text, instead)
	}
	return text
}

// clients finds the addresses in what net/http says of connections.
var clients = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(from|serving) \S+:\d+`) })

// connections is a handler for what net/http says of connections, without their addresses.
type connections struct{ slog.Handler }

// Handle passes the record on.
func (c connections) Handle(ctx context.Context, r slog.Record) error {
	text := clients().ReplaceAllString(r.Message, "$1 a client")
	return c.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, text, r.PC))
}

// sayingLittle makes a server tell what goes wrong with connections to the log, for those who look.
func sayingLittle(server *http.Server, logger *slog.Logger) *http.Server {
	server.ErrorLog = slog.NewLogLogger(connections{logger.Handler()}, slog.LevelDebug)
	return server
}
