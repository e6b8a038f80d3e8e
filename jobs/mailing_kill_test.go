package jobs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/postoffice"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/mail"
	"cartwright/sessions/database"
)

// The environment of a process that mails until it is killed.
const (
	childDatabase = "CARTWRIGHT_TEST_MAILING_DATABASE"
	childOffice   = "CARTWRIGHT_TEST_MAILING_OFFICE"
	childRound    = "CARTWRIGHT_TEST_MAILING_ROUND"
	childCareless = "CARTWRIGHT_TEST_MAILING_CARELESS"
)

// mailsToKill is how many mails are due.
const mailsToKill = 60

// TestMailingProcess is the process that others kill; by itself it does nothing.
func TestMailingProcess(t *testing.T) {
	path := os.Getenv(childDatabase)
	if path == "" {
		return // it is begun, and killed, by TestNoMailTwiceWhateverIsKilled
	}
	db, err := database.Open(t.Context(), path, database.Options{Durability: database.Off})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if os.Getenv(childCareless) != "" {
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE mails SET status = 'pending', next_attempt_at = 1 WHERE status = 'sending'").Error
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	round, err := strconv.Atoi(os.Getenv(childRound))
	if err != nil {
		t.Fatal(err)
	}
	sender, err := mail.NewSender(mail.Options{Server: os.Getenv(childOffice), Security: mail.Plain})
	if err != nil {
		t.Fatal(err)
	}
	now := noon.Add(time.Duration(round) * (MailClaim + time.Minute)) // what is not noted of a round before is unknown in this one
	m := newMailroom(t, db, func() time.Time { return now }, sender)
	for i := range mailsToKill {
		m.told.add(1, fmt.Sprintf("trg_%02d", i))
	}
	m.run()
}

// massacre lets a process mail, and kills it whenever it reaches one of the stages of
// a session, until none is left to be killed. It returns how many letters came for
// each mail, and how the mails ended.
func massacre(t *testing.T, careless bool) (came map[string]int, ended map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.db")
	db, err := database.Open(t.Context(), path, database.Options{Durability: database.Off})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var mu sync.Mutex // guards what follows
	var victim *exec.Cmd
	var stage postoffice.Stage
	countdown := 0
	office := postoffice.Open(t, postoffice.Options{At: func(s postoffice.Stage, _ int) postoffice.Act {
		mu.Lock()
		defer mu.Unlock()
		if s != stage || countdown == 0 {
			return postoffice.Act{}
		}
		if countdown--; countdown > 0 {
			return postoffice.Act{}
		}
		_ = victim.Process.Kill()
		return postoffice.Act{HangUp: true}
	}})
	round := 0
	life := func(s postoffice.Stage, n int) {
		process := exec.Command(os.Args[0], "-test.run", "^TestMailingProcess$")
		process.Env = append(os.Environ(), childDatabase+"="+path, childOffice+"="+office.Address, childRound+"="+strconv.Itoa(round))
		if careless {
			process.Env = append(process.Env, childCareless+"=yes")
		}
		round++
		mu.Lock()
		victim, stage, countdown = process, s, n
		err := process.Start()
		mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Wait(); (err == nil) != (n == 0) {
			t.Fatalf("killed at %q, turn %d: %v", s, n, err)
		}
	}
	for _, s := range postoffice.Stages()[1:] { // one that is killed before it connects has nothing to say
		for n := 1; n <= 2; n++ {
			life(s, n)
		}
	}
	for range 8 {
		life("", 0)
	}
	came, ended = map[string]int{}, map[string]string{}
	for _, l := range office.Letters() {
		head, _, _ := strings.Cut(strings.TrimPrefix(string(l.Data), "Message-ID: <"), "@")
		came[head]++
	}
	for _, line := range strings.Split(strings.TrimSpace(testdb.Rows(t, db, "SELECT trigger_id, status FROM mails ORDER BY 1")), "\n")[1:] {
		fields := strings.Fields(line)
		ended[fields[0]] = fields[1]
	}
	return came, ended
}

// Whenever the program is killed, no mail comes twice; those that came and are not
// known to have come say so, and all others are delivered in the end.
func TestNoMailTwiceWhateverIsKilled(t *testing.T) {
	came, ended := massacre(t, false)
	if len(ended) != mailsToKill {
		t.Errorf("%d mails, want %d", len(ended), mailsToKill)
	}
	for id, status := range ended {
		if n := came[id]; n > 1 || status == Delivered && n != 1 || status != Delivered && status != Unknown {
			t.Errorf("%s is %s, and came %d times", id, status, n)
		}
	}
}

// The control: a program that sends again what it was about to send when it died.
func TestNoMailTwiceWhateverIsKilledControl(t *testing.T) {
	came, _ := massacre(t, true)
	for _, n := range came {
		if n > 1 {
			return
		}
	}
	t.Error("none came twice: the test cannot fail")
}
