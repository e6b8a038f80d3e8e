package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A child is this same program, serving in a process of its own, so that it can be
// killed and its memory be told from the bench's.
type child struct {
	command *exec.Cmd
	address string // http://127.0.0.1:port
	started time.Time
	ended   chan error
}

// childTime is how long a child may take to listen, or to be gone.
const childTime = 2 * time.Minute

// startChild starts “serve” on a database, with more flags, and returns when it listens.
func startChild(ctx context.Context, db string, flags ...string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	c := &child{started: time.Now(), ended: make(chan error, 1)}
	args := append([]string{"serve", "--db", db, "--host", "127.0.0.1", "--port", "0", "--rate-limit-address", "0"}, flags...)
	c.command = exec.CommandContext(ctx, program, args...)
	c.command.Dir = filepath.Dir(db) // no configuration of the shop's
	c.command.Env = []string{"CARTWRIGHT_WRITE_KEY=" + benchKey, "CARTWRIGHT_SECRET_KEY=" + benchSecret, "TMPDIR=" + os.TempDir()}
	said, err := c.command.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start serve: %w", err)
	}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start serve: %w", err)
	}
	listening, last := make(chan string, 1), ""
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			last = lines.Text()
			if _, address, found := strings.Cut(last, "listening on "); found {
				listening <- address
			}
		}
		if err := c.command.Wait(); err != nil {
			c.ended <- fmt.Errorf("serve ended: %w; it last said: %s", err, last)
		}
		close(c.ended)
	}()
	select {
	case c.address = <-listening:
		return c, nil
	case err := <-c.ended:
		return nil, errors.Join(errors.New("serve does not start"), err)
	case <-time.After(childTime):
		return nil, errors.Join(errors.New("serve does not listen"), c.kill())
	}
}

// benchSecret is the secret key of a child.
const benchSecret = "sk_bench"

// kill ends the child at once, as a crash does, and returns when it is gone.
func (c *child) kill() error {
	if err := c.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill serve: %w", err)
	}
	<-c.ended // how is known
	return nil
}

// end asks the child to end and returns when it has.
func (c *child) end() error {
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("end serve: %w", err)
	}
	select {
	case err := <-c.ended:
		return err
	case <-time.After(childTime):
		return errors.Join(errors.New("serve does not end"), c.kill())
	}
}

// ready returns when the child says that it is, and how long after its start.
func (c *child) ready(ctx context.Context) (time.Duration, error) {
	for ; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		if _, err := c.ask(ctx, "/readyz"); err == nil {
			return time.Since(c.started), nil
		}
	}
	return 0, ctx.Err()
}

// ask returns the answer to a GET with the secret key.
func (c *child) ask(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address+path, nil)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", path, err)
	}
	request.SetBasicAuth(benchSecret, "")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", path, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", path, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask %s: %s", path, answer.Status)
	}
	return string(body), nil
}

// metrics returns the child's metrics by their names, with their labels.
func (c *child) metrics(ctx context.Context) (map[string]float64, error) {
	text, err := c.ask(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); found && err == nil {
			values[name] = v
		}
	}
	return values, nil
}
