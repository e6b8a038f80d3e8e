//go:build ackearly

package sessions

const acknowledgeEarly = true
