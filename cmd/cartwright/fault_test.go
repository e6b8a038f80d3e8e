package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// checkLater fails unless an answer tells a sender to come again.
func checkLater(t *testing.T, what string, r *http.Response) {
	t.Helper()
	if r == nil {
		t.Fatalf("%s: no answer", what)
	}
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if r.StatusCode != http.StatusServiceUnavailable || err != nil || seconds < 1 ||
		r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %s, Retry-After %q, %s; want 503, to come again, as a problem", what, r.Status,
			r.Header.Get("Retry-After"), r.Header.Get("Content-Type"))
	}
}

// read asks for a path with the secret key.
func read(t *testing.T, p *process, path string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, p.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+testSecretKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v\n%s", path, err, p.log())
	}
	_ = response.Body.Close()
	return response
}

// wantReads fails unless all paths are answered with a status.
func wantReads(t *testing.T, p *process, status int, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if r := read(t, p, path); r.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, r.Status, status)
		}
	}
}

// What is read from memory, and what from the database.
var (
	fromMemory = []string{"/healthz", "/v1/recommendations?context=home&anonymous_id=shopper-0-0",
		"/v1/recommendations?context=product&item=p1&anonymous_id=shopper-0-0"}
	fromDatabase = []string{"/v1/sessions", "/v1/carts", "/v1/carts?after=1", "/v1/orders", "/v1/visitors", "/v1/triggers", "/v1/products", "/v1/jobs"}
)

// sendSome sends a number of batches, all of which must be taken.
func sendSome(t *testing.T, p *process, s *sender, batches int) {
	t.Helper()
	for range batches {
		if r := s.send(p.address); r == nil || r.StatusCode != http.StatusOK {
			t.Fatalf("a batch was not taken: %+v\n%s", r, p.log())
		}
	}
}

// checkCounted fails unless every item that was received is in the log, and none was refused.
func checkCounted(t *testing.T, url string) {
	t.Helper()
	db, err := database.Open(t.Context(), url, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n, err := sessions.ReadIngest(db.Read(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if distinct := len(occurrences(t, url)); n.Rejected != 0 || n.Received != n.Accepted+n.Duplicates || n.Accepted != int64(distinct) {
		t.Errorf("counted %+v, with %d events in the log", n, distinct)
	}
}

// smallDisk mounts a file system of 16 MB in memory until the test ends.
func smallDisk(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("this kernel does not let us mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// fill writes a file until the disk is full, to the last page.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return // no space is left
		}
	}
}

// release takes bytes off the end of a file.
func release(t *testing.T, path string, bytes int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-bytes)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A full disk: senders are told to come again, reads go on, and when there is space again the shop goes
// on by itself.
func TestDiskFull(t *testing.T) {
	folder := smallDisk(t)
	db, ballast := filepath.Join(folder, "shop.db"), filepath.Join(folder, "ballast")
	p := serveBinary(t, build(t, ""), "--db", db, "--cart-wait", "100ms", "--detect-schedule", "@every 1s")
	s := &sender{}
	sendSome(t, p, s, 20)
	for range 2 { // and then once more
		fill(t, ballast)
		release(t, ballast, 1<<20) // what events are to fill
		var refused *http.Response
		eventually(t, "the disk is full", func() bool {
			refused = s.send(p.address)
			return refused == nil || refused.StatusCode != http.StatusOK
		})
		checkLater(t, "an append", refused)
		fill(t, ballast)
		eventually(t, "a job tells that it fails", func() bool { return jobOutcome(t, p, "detection") == "failed" })
		for range 10 {
			checkLater(t, "an append", s.send(p.address))
		}
		wantReads(t, p, http.StatusOK, fromMemory...)
		wantReads(t, p, http.StatusOK, fromDatabase...)
		wantReads(t, p, http.StatusOK, "/readyz") // what can be read is to be read
		release(t, ballast, 4<<20)
		eventually(t, "appends go on", func() bool { r := s.send(p.address); return r != nil && r.StatusCode == http.StatusOK })
		eventually(t, "the job goes on", func() bool { return jobOutcome(t, p, "detection") == "ok" })
		sendSome(t, p, s, 5)
	}
	wantReads(t, p, http.StatusOK, fmt.Sprintf("/v1/sessions?after_seq=%d", s.next))
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, p.log())
	}
	checkKept(t, db, 1, s.acknowledged)
	checkCounted(t, db)
}

// jobOutcome is how the last run of a job went.
func jobOutcome(t *testing.T, p *process, name string) string {
	t.Helper()
	var list struct {
		Data []struct {
			Name, Outcome string
		}
	}
	if err := (storefront{p.address, testSecretKey}).call(t.Context(), "GET", "/v1/jobs", nil, &list); err != nil {
		t.Fatal(err)
	}
	for _, j := range list.Data {
		if j.Name == name {
			return j.Outcome
		}
	}
	return ""
}

// descriptors is how many files and sockets the program has open.
func descriptors(t *testing.T, p *process) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A server that goes away, or cuts its connections: senders are told to come again, what is in memory is
// still answered, and when the server is back the shop goes on by itself.
func TestDatabaseGone(t *testing.T) {
	server := testdb.NewServer(t)
	p := serveBinary(t, build(t, ""), "--db", server.URL, "--cart-wait", "100ms", "--detect-schedule", "@every 1s")
	s := &sender{}
	sendSome(t, p, s, 20)
	wantReads(t, p, http.StatusOK, fromMemory...)
	wantReads(t, p, http.StatusOK, fromDatabase...)
	most := descriptors(t, p) + 20 // connections may come up to the pools' limits
	for range 3 {
		server.Stop(t)
		for range 5 {
			checkLater(t, "an append", s.send(p.address))
		}
		for _, path := range append([]string{"/readyz"}, fromDatabase...) {
			checkLater(t, path, read(t, p, path))
		}
		wantReads(t, p, http.StatusOK, fromMemory...)
		server.Start(t)
		eventually(t, "appends go on", func() bool { r := s.send(p.address); return r != nil && r.StatusCode == http.StatusOK })
		eventually(t, "it is ready", func() bool { return read(t, p, "/readyz").StatusCode == http.StatusOK })
		for range 10 {
			server.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cartwright'")
			if r := s.send(p.address); r == nil || r.StatusCode != http.StatusOK {
				checkLater(t, "an append on a cut connection", r)
			}
		}
		eventually(t, "appends go on", func() bool { r := s.send(p.address); return r != nil && r.StatusCode == http.StatusOK })
		eventually(t, "reads go on", func() bool {
			return read(t, p, fmt.Sprintf("/v1/sessions?after_seq=%d", s.next)).StatusCode == http.StatusOK
		})
	}
	eventually(t, "connections are not leaked", func() bool { return descriptors(t, p) <= most })
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, p.log())
	}
	if strings.Contains(p.log(), "panic") {
		t.Error(p.log())
	}
	checkKept(t, server.URL, 1, s.acknowledged)
	checkCounted(t, server.URL)
}
