package api

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"
)

// MaxBody is the largest body accepted, in bytes, also once it is inflated.
const MaxBody = 4 << 20

// keptBuffer is how large a buffer may have grown and still be used again.
const keptBuffer = 1 << 20

// trusted is how much of an announced length is made room for at once.
const trusted = 64 << 10

func newBody() any { return new(bytes.Buffer) }

// withBody reads the body of a call and hands it to use, which must not keep it.
func (s *Server) withBody(c *call, use func(body []byte) error) error {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		return unavailable("overloaded", "too many requests are under way; send this one again", retrySoon)
	}
	buffer := s.bodies.Get().(*bytes.Buffer)
	defer s.release(buffer)
	if err := s.readBody(c.Writer, c.Request, buffer); err != nil {
		return err
	}
	if !utf8.Valid(buffer.Bytes()) {
		return invalidBody("the body is not valid UTF-8, which JSON has to be")
	}
	return use(buffer.Bytes())
}

func (s *Server) release(buffer *bytes.Buffer) {
	if buffer.Cap() <= keptBuffer {
		buffer.Reset()
		s.bodies.Put(buffer)
	}
}

// readBody reads a request's body into a buffer, inflated.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, into *bytes.Buffer) error {
	if r.ContentLength > MaxBody {
		return errBodyTooLarge
	}
	limited := http.MaxBytesReader(w, r.Body, MaxBody)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
		// What a sender only announces takes no memory.
		into.Grow(int(min(max(r.ContentLength, 0), trusted)) + bytes.MinRead)
		return bodyError(read(limited, into))
	case "gzip", "x-gzip":
		return s.inflate(limited, into)
	}
	return errEncoding
}

func read(from io.Reader, into *bytes.Buffer) error {
	_, err := into.ReadFrom(from)
	return err
}

// inflate reads a gzip stream, up to [MaxBody] of what it holds: a few
// kilobytes can be made to hold gigabytes.
func (s *Server) inflate(compressed io.Reader, into *bytes.Buffer) error {
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
	return gzipError(read(http.MaxBytesReader(nil, z, MaxBody), into))
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
	return invalidBody("the body broke off before its end")
}
