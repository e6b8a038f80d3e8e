package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cartwright/fixtures/powerloss"
)

// losses is how often the test takes the power away from one shop, one time after the other.
const losses = 6

// losePower runs the program on a disk with the files of a folder, under the load of senders, and takes
// the power away at a random moment. It returns a folder with what is left.
func losePower(t *testing.T, binary, durability, from string, random *rand.Rand, senders []*sender) (left string) {
	t.Helper()
	left = t.TempDir()
	disk := powerloss.NewDisk(t, from)
	p := serveBinary(t, binary, "--db", filepath.Join(disk.Folder, "shop.db"), "--durability", durability,
		"--cart-wait", "100ms", "--detect-schedule", "@every 1s")
	var clients sync.WaitGroup
	for _, s := range senders {
		clients.Go(func() { s.run(p.address) })
	}
	time.Sleep(time.Duration(100+random.IntN(2000)) * time.Millisecond) // the moment of the cut is the input
	err := disk.Cut(random, left)
	_ = p.end(t, os.Kill)
	clients.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// newSenders are the clients of one shop, and a source of chance whose seed is printed.
func newSenders(t *testing.T) ([]*sender, *rand.Rand) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	senders := make([]*sender, killedClients)
	for i := range senders {
		senders[i] = &sender{name: i}
	}
	return senders, rand.New(rand.NewPCG(seed, 0))
}

// acknowledgedBy are the ids that senders were told are stored.
func acknowledgedBy(senders []*sender) (ids []string) {
	for _, s := range senders {
		ids = append(ids, s.acknowledged...)
	}
	return ids
}

// Nothing acknowledged is lost when the power goes, and the shop comes up again from what is left.
func TestPowerLoss(t *testing.T) {
	binary, folder := build(t, ""), t.TempDir()
	senders, random := newSenders(t)
	for range losses {
		if folder = losePower(t, binary, "full", folder, random, senders); t.Failed() {
			return
		}
	}
	db := filepath.Join(folder, "shop.db")
	if _, err := os.Stat(db); err != nil {
		t.Fatal(err)
	}
	p := serveBinary(t, binary, "--db", db)
	if err := p.end(t, os.Interrupt); err != nil {
		t.Errorf("the last run: %v", err)
	}
	checkKept(t, db, losses, acknowledgedBy(senders))
}

// The control: with lower durability acknowledged events are lost.
func TestPowerLossControl(t *testing.T) {
	binary := build(t, "")
	for range 20 {
		senders, random := newSenders(t)
		left := losePower(t, binary, "normal", t.TempDir(), random, senders)
		acknowledged := acknowledgedBy(senders)
		db, n := filepath.Join(left, "shop.db"), len(acknowledged)
		if _, err := os.Stat(db); err == nil {
			n = lost(occurrences(t, db), acknowledged)
		}
		if n > 0 {
			t.Logf("%d of %d acknowledged events are lost, as they must be", n, len(acknowledged))
			return
		}
	}
	t.Error("without waiting for the disk nothing was lost: the test cannot fail")
}
