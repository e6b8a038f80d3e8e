package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// memoryFigures are what events and clicks take up in memory. Held is what the
// program refers to once garbage was collected.
type memoryFigures struct {
	Events   int     `json:"events"`
	Held     float64 `json:"held_megabytes"`        // with all events
	PerEvent float64 `json:"held_bytes_per_event"`  // what the last three quarters of them added, of everything
	Resident float64 `json:"rss_bytes_per_event"`   // the same of what is resident, the database's own memory included
	PerClick float64 `json:"index_bytes_per_click"` // of the index alone
	PerRow   float64 `json:"disk_bytes_per_event"`
}

// measureMemory fills a shop within this process to a quarter, and then to the end.
func measureMemory(ctx context.Context, below string, events int, progress func(string)) (*memoryFigures, error) {
	shop, err := openBenchShop(ctx, below)
	if err != nil {
		return nil, err
	}
	defer func() { _ = shop.close(ctx) }()
	filling := &filler{progress: progress}
	first, err := filling.fill(ctx, shop.address, events/4)
	if err != nil {
		return nil, err
	}
	before, err := shop.held(ctx)
	if err != nil {
		return nil, err
	}
	second, err := filling.fill(ctx, shop.address, events-first)
	if err != nil {
		return nil, err
	}
	after, err := shop.held(ctx)
	if err != nil {
		return nil, err
	}
	held, resident := after.heap-before.heap, after.resident-before.resident
	index := shop.recommender.Stats()
	return &memoryFigures{
		Events: first + second, Held: megabytes(after.heap),
		PerEvent: tenth(held / float64(max(1, second))), Resident: tenth(resident / float64(max(1, second))),
		PerClick: tenth(float64(index.Bytes) / float64(max(1, index.Clicks))),
		PerRow:   tenth(float64(sizeOf(shop.path())) / float64(first+second)),
	}, nil
}

// memory is what a process takes up, in bytes.
type memory struct {
	heap     float64 // what it refers to
	resident float64
}

// held is what this process takes up once all is worked off and garbage given back.
func (b *benchShop) held(ctx context.Context) (m memory, err error) {
	if err := b.settle(ctx); err != nil {
		return m, err
	}
	var stats runtime.MemStats
	runtime.GC()
	debug.FreeOSMemory() // collects once more, what finalizers let go
	runtime.ReadMemStats(&stats)
	m.heap = float64(stats.HeapAlloc)
	m.resident, _ = residentOf(os.Getpid())
	return m, nil
}

// residentOf is how many bytes of a process are in memory, and were at most; 0 on
// systems that do not tell so in /proc.
func residentOf(process int) (now, peak float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kilobytes); n == 1 {
			now = 1024 * kilobytes
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); n == 1 {
			peak = 1024 * kilobytes
		}
	}
	return now, peak
}
