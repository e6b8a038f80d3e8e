package main

import (
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
)

// A database that is cut off without a word: what is in memory is still answered, at once, and senders are
// told to come again, also once the key would have to be looked up anew.
func TestDatabaseCutOff(t *testing.T) {
	t.Parallel()
	url := testdb.PostgresURL(t)
	w, args := cableTo(t, url, "cut-off")
	p := serveBinary(t, build(t, ""), args...)
	s := &sender{}
	sendSome(t, p, s, 20)
	wantReads(t, p, http.StatusOK, fromMemory...)
	w.silence(true)
	end := time.AfterFunc(90*time.Second, func() { w.silence(false) }) // what hangs until then fails below
	defer end.Stop()
	time.Sleep(11 * time.Second) // keys are trusted for ten
	asked := 0
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); asked++ {
		wantReads(t, p, http.StatusOK, fromMemory...)
	}
	if asked < 100 {
		t.Errorf("only %d times in 6 s what is in memory was answered", asked)
	}
	if s.pending == nil {
		s.batch()
	}
	var asking sync.WaitGroup
	var answers [5]*http.Response
	for i := range answers { // one after the other, behind commits that hang
		asking.Go(func() {
			began := time.Now()
			answers[i] = s.send(p.address)
			if took := time.Since(began); took > 25*time.Second {
				t.Errorf("append %d was answered after %s", i, took)
			}
		})
		time.Sleep(3 * time.Second)
	}
	began := time.Now()
	wantReads(t, p, http.StatusServiceUnavailable, "/v1/orders")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("a read was answered after %s", took)
	}
	asking.Wait()
	for i, answer := range answers {
		checkLater(t, fmt.Sprintf("append %d", i), answer)
	}
	w.silence(false)
	w.drop()
	eventually(t, "appends go on", func() bool { r := s.send(p.address); return r != nil && r.StatusCode == http.StatusOK })
	eventually(t, "it is ready", func() bool { return read(t, p, "/readyz").StatusCode == http.StatusOK })
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, p.log())
	}
	if n := lost(occurrences(t, url), s.acknowledged); n > 0 {
		t.Errorf("%d acknowledged events are lost", n)
	}
}
