package main

import (
	"os"
	"runtime/debug"
)

// garbagePercent is how much garbage may gather, in percent of what is held, before
// it is collected. Go's own 100 spends a fifth of the processor under full load on
// collecting what events leave behind; what is held is bounded by settings (the
// index, the windows of message ids, open sessions), so that its multiple is too.
const garbagePercent = 300

// collectSeldom applies garbagePercent, unless the environment says otherwise by
// GOGC, or by GOMEMLIMIT, near which Go collects as often as it must.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
