package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage may gather before it is collected, in percent of what is held:
// three times as much, while that is no more than garbageBytes. Go's own 100 spends a
// fifth of the processor under full load on collecting what events leave behind.
const (
	garbagePercent      = 300
	garbagePercentLeast = 100
	garbageBytes        = 384 << 20
)

// collectEvery is how often the limit is brought up to what is held.
const collectEvery = 5 * time.Second

// garbageFor is the percentage for so many bytes held.
func garbageFor(held uint64) int {
	return int(min(max(garbageBytes*100/max(held, 1), garbagePercentLeast), garbagePercent))
}

// collectSeldom keeps the collector at garbageFor until ctx ends, unless the
// environment says otherwise by GOGC.
func collectSeldom(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for now := 0; ; {
		metrics.Read(held)
		if percent := garbageFor(held[0].Value.Uint64()); percent != now {
			debug.SetGCPercent(percent)
			now = percent
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
