package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
)

// A client speaks HTTP/1.1 over one kept connection, with as little work as can
// be: it lives in the process that it measures, so all that it does is missing there.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

// dial opens n connections.
func dial(address string, n int) (clients []*client, err error) {
	for range n {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			hangUp(clients)
			return nil, fmt.Errorf("connect to what is measured: %w", err)
		}
		clients = append(clients, &client{conn, bufio.NewReaderSize(conn, 16<<10)})
	}
	return clients, nil
}

func hangUp(clients []*client) {
	for _, c := range clients {
		_ = c.conn.Close()
	}
}

// exchange sends a request and reads its answer to the end. The error says so
// if that is not a 200.
func (c *client) exchange(request []byte) error {
	if _, err := c.conn.Write(request); err != nil {
		return fmt.Errorf("send a request: %w", err)
	}
	return c.answer()
}

func (c *client) answer() error {
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answered %q", bytes.TrimSpace(status))
	}
	length, err := c.header()
	if err != nil {
		return err
	}
	if length < 0 {
		return c.chunks()
	}
	return c.skip(length)
}

// header reads to the end of the header and returns the length of the body, -1
// for chunks.
func (c *client) header() (length int, err error) {
	length = -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, fmt.Errorf("read the header of an answer: %w", err)
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return length, nil
		}
		if name := []byte("Content-Length: "); bytes.HasPrefix(line, name) {
			if length, err = strconv.Atoi(string(line[len(name):])); err != nil {
				return 0, fmt.Errorf("read the header of an answer: %w", err)
			}
		}
	}
}

// chunks reads a body in chunks.
func (c *client) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read a chunk: %w", err)
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return fmt.Errorf("read a chunk: %w", err)
		}
		if err := c.skip(int(size) + len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

func (c *client) skip(n int) error {
	skipped, err := c.in.Discard(n)
	if err != nil {
		return fmt.Errorf("read the body of an answer, of which %d bytes are missing: %w", n-skipped, err)
	}
	return nil
}
