package api

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"
)

// MaxBody is the largest body accepted, in bytes, also once it is inflated.
const MaxBody = 4 << 20

// keptBuffer is how large a buffer may have grown and still be used again.
const keptBuffer = 1 << 20

// piece is how much of a body is read before more room is asked for. Each body has
// one for nothing.
const piece = 16 << 10

// text is a body, or a part of one, with the room it takes among all bodies.
type text struct {
	bytes.Buffer
	room int64
}

func newText() any { return new(text) }

// withBody reads the body of a call and hands it to use, which must not keep it.
// Reading, which may take as long as the sender likes, keeps nobody else waiting.
func (s *Server) withBody(c *call, use func(body []byte) error) error {
	body := s.texts.Get().(*text)
	defer s.release(body)
	if err := s.readBody(c.Writer, c.Request, body); err != nil {
		return err
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		return errOverloaded
	}
	if encoding(c.Request) == "gzip" {
		inflated := s.texts.Get().(*text)
		defer s.release(inflated)
		if err := s.inflate(body, inflated); err != nil {
			return err
		}
		body = inflated
	}
	if !utf8.Valid(body.Bytes()) {
		return invalidBody("the body is not valid UTF-8, which JSON has to be")
	}
	return use(body.Bytes())
}

// encoding returns how a request's body is packed: not at all, "gzip", or in an "unknown"
// way. Names of encodings are told in any case (RFC 9110, 8.4.1).
func encoding(r *http.Request) string {
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
		return ""
	case "gzip", "x-gzip":
		return "gzip"
	}
	return "unknown"
}

func (s *Server) release(t *text) {
	if t.room > 0 {
		s.room.Release(t.room)
		t.room = 0
	}
	if t.Cap() <= keptBuffer {
		t.Reset()
		s.texts.Put(t)
	}
}

// readBody reads a request's body as it was sent.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, into *text) error {
	if r.ContentLength > MaxBody {
		return errBodyTooLarge
	}
	if encoding(r) == "unknown" {
		return errEncoding
	}
	// What a sender only announces takes no memory.
	into.Grow(int(min(max(r.ContentLength, 0), piece)) + bytes.MinRead)
	return bodyError(s.read(http.MaxBytesReader(w, r.Body, MaxBody), into))
}

// read reads to the end, as long as there is room.
func (s *Server) read(from io.Reader, into *text) error {
	for {
		n, err := into.ReadFrom(io.LimitReader(from, piece))
		if err != nil || n < piece {
			return err
		}
		if !s.room.TryAcquire(piece) {
			return errOverloaded
		}
		into.room += piece
	}
}

// inflate reads a gzip stream, up to [MaxBody] of what it holds: a few
// kilobytes can be made to hold gigabytes.
func (s *Server) inflate(compressed io.Reader, into *text) error {
	z, ok := s.inflaters.Get().(*gzip.Reader)
	var err error
	if ok {
		err = z.Reset(compressed)
	} else {
		z, err = gzip.NewReader(compressed)
	}
	if err != nil {
		return gzipError(err)
	}
	defer s.inflaters.Put(z)
	return gzipError(s.read(http.MaxBytesReader(nil, z, MaxBody), into))
}

// gzipError tells what is wrong with a gzip stream.
func gzipError(err error) error {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return invalidBody("the body is not the gzip stream that Content-Encoding says it is")
	}
	if _, corrupt := errors.AsType[flate.CorruptInputError](err); corrupt {
		return invalidBody("the body's gzip stream is corrupt")
	}
	return bodyError(err)
}

// bodyError tells why a body could not be read.
func bodyError(err error) error {
	if err == nil {
		return nil
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errBodyTooLarge
	}
	if errors.Is(err, errOverloaded) {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errBodySlow
	}
	return invalidBody("the body broke off before its end")
}
