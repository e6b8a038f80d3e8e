package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A systemCall is one call of the traced program. Began and ended count the lines of the trace, which
// stand in the order in which things happened.
type systemCall struct {
	name         string
	arguments    string
	began, ended int
}

// Lines of a trace: the thread, the time, and a call, or the first or the last part of one that others
// came between.
var (
	wholeCall   = regexp.MustCompile(`^(\d+) +[\d.]+ (\w+)\((.*)\) += `)
	begunCall   = regexp.MustCompile(`^(\d+) +[\d.]+ (\w+)\((.*) <unfinished \.\.\.>$`)
	resumedCall = regexp.MustCompile(`^(\d+) +[\d.]+ <\.\.\. \w+ resumed>(.*)\) += `)
)

// readTrace reads the calls in a trace, in the order in which they began.
func readTrace(t *testing.T, path string) []*systemCall {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var calls []*systemCall
	unfinished := map[string]*systemCall{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		if m := begunCall.FindStringSubmatch(lines.Text()); m != nil {
			unfinished[m[1]] = &systemCall{m[2], m[3], n, -1}
			calls = append(calls, unfinished[m[1]])
		} else if m := resumedCall.FindStringSubmatch(lines.Text()); m != nil && unfinished[m[1]] != nil {
			// What is read is known only now.
			unfinished[m[1]].arguments += m[2]
			unfinished[m[1]].ended = n
		} else if m := wholeCall.FindStringSubmatch(lines.Text()); m != nil {
			calls = append(calls, &systemCall{m[2], m[3], n, n})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

// find returns the first call of one of the names that began after a line and names all the texts.
func find(calls []*systemCall, after int, names string, texts ...string) *systemCall {
	for _, c := range calls {
		if c.began <= after || c.ended < 0 || !strings.Contains(names, c.name) {
			continue
		}
		all := true
		for _, text := range texts {
			all = all && strings.Contains(c.arguments, text)
		}
		if all {
			return c
		}
	}
	return nil
}

// syncedBeforeAnswer says what is wrong with how the program took a request, marked by a message id: it
// must read it, write it to the write-ahead log, sync that, and only then answer 200.
func syncedBeforeAnswer(calls []*systemCall, id string) error {
	request := find(calls, -1, "read", "HTTP/1.1", id)
	if request == nil {
		return fmt.Errorf("the request with %s was never read", id)
	}
	answer := find(calls, request.ended, "write writev sendto", "HTTP/1.1 200 OK")
	if answer == nil {
		return fmt.Errorf("the request with %s was never answered 200", id)
	}
	written := find(calls, request.ended, "write pwrite64", "-wal>", id)
	if written == nil || written.ended >= answer.began {
		return fmt.Errorf("%s was answered before it was written to the write-ahead log", id)
	}
	synced := find(calls, written.ended, "fsync fdatasync", "-wal>")
	if synced == nil || synced.ended >= answer.began {
		return fmt.Errorf("%s was answered before the write-ahead log was synced", id)
	}
	return nil
}

// traced runs the program under strace, sends it requests with these message ids one after the other,
// and returns its calls.
func traced(t *testing.T, durability string, ids []string) []*systemCall {
	t.Helper()
	folder := t.TempDir()
	trace := filepath.Join(folder, "trace")
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip(err)
	}
	if out, err := exec.Command("strace", "-D", "-f", "-o", trace, "true").CombinedOutput(); err != nil {
		t.Skipf("this kernel does not let us trace programs: %v %s", err, out)
	}
	// With -D it is the program that we started, and can stop, while strace runs beside it.
	p := serveUnder(t, []string{"strace", "-D", "-f", "-ttt", "-y", "-s", "8192", "-o", trace,
		"-e", "trace=read,write,writev,sendto,pwrite64,fsync,fdatasync", build(t, "")},
		"--db", filepath.Join(folder, "shop.db"), "--durability", durability)
	for _, id := range ids {
		body := fmt.Sprintf(`{"event":"Product Added","anonymousId":"anna","messageId":%q,"properties":{"product_id":"cup"}}`, id)
		request, err := http.NewRequest(http.MethodPost, p.address+"/v1/track", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(testWriteKey, "")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s was answered %s", id, answer.Status)
		}
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, p.log())
	}
	return readTrace(t, trace)
}

// What is answered 200 was brought to the disk before, as the kernel saw it.
func TestAnswersComeAfterTheSync(t *testing.T) {
	ids := []string{"traced-1", "traced-2", "traced-3"}
	calls := traced(t, "full", ids)
	for _, id := range ids {
		if err := syncedBeforeAnswer(calls, id); err != nil {
			t.Error(err)
		}
	}
}

// The control: a program that does not wait for the disk must be caught, by each of its answers.
func TestAnswersComeAfterTheSyncControl(t *testing.T) {
	ids := []string{"traced-1", "traced-2", "traced-3"}
	for _, durability := range []string{"normal", "off"} {
		calls := traced(t, durability, ids)
		for _, id := range ids {
			if err := syncedBeforeAnswer(calls, id); err == nil || !strings.Contains(err.Error(), "was synced") {
				t.Errorf("durability %s: %s: %v, want that it was not synced: the test cannot fail", durability, id, err)
			}
		}
	}
}
