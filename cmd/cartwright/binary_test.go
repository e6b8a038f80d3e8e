package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// build builds the program with build tags, once each, into a folder that ends
// with the tests.
func build(t *testing.T, tags string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cartwright")
	out, err := exec.Command("go", "build", "-tags", tags, "-o", path, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return path
}

// The keys of programs under test.
const (
	testWriteKey  = "wk_test"
	testSecretKey = "sk_test"
)

// allowances are the environment of a command line: a database of [testdb.PostgresURL], whose server does
// not wait for its disk, is refused unless that is allowed.
func allowances(args []string) []string {
	for _, arg := range args {
		if strings.Contains(arg, "/cartwright_") {
			return []string{"CARTWRIGHT_DURABILITY=off"}
		}
	}
	return nil
}

// A process is the real program, serving.
type process struct {
	command *exec.Cmd
	address string // http://127.0.0.1:port
	done    chan error

	mu  sync.Mutex
	err []string // lines of stderr
}

// serveBinary starts “serve” on a free port and waits until it listens.
func serveBinary(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	return serveUnder(t, []string{binary}, args...)
}

// serveUnder is serveBinary for a program that another one, named before it with its arguments, becomes.
func serveUnder(t *testing.T, program []string, args ...string) *process {
	t.Helper()
	p := &process{done: make(chan error, 1)}
	p.command = exec.Command(program[0], slices.Concat(program[1:], []string{"serve", "--host", "127.0.0.1", "--port", "0"}, args)...)
	p.command.Dir = t.TempDir() // no configuration of ours
	p.command.Env = append(os.Environ(), "CARTWRIGHT_WRITE_KEY="+testWriteKey, "CARTWRIGHT_SECRET_KEY="+testSecretKey)
	p.command.Env = append(p.command.Env, allowances(args)...)
	pipe, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	listening := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			if _, address, found := strings.Cut(lines.Text(), "listening on "); found {
				listening <- address
			}
			p.mu.Lock()
			p.err = append(p.err, lines.Text())
			p.mu.Unlock()
		}
		p.done <- p.command.Wait()
	}()
	select {
	case p.address = <-listening:
	case err := <-p.done:
		t.Fatalf("serve ended: %v\n%s", err, p.log())
	case <-time.After(30 * time.Second):
		t.Fatalf("serve does not listen\n%s", p.log())
	}
	return p
}

// log is what the program wrote to stderr.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.err, "\n")
}

// end sends a signal and waits for the program to be gone.
func (p *process) end(t *testing.T, signal os.Signal) error {
	t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := p.gone(); err != nil {
		return fmt.Errorf("after %v: %w", signal, err)
	}
	return nil
}

// gone waits for the program, which was asked to end, to be gone.
func (p *process) gone() error {
	select {
	case err := <-p.done:
		return err
	case <-time.After(20 * time.Second):
		return fmt.Errorf("still running after 20 s\n%s", p.log())
	}
}
