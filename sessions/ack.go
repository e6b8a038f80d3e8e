//go:build !ackearly

package sessions

// acknowledgeEarly is true only in the build that the kill test uses as its
// control, which must lose events: it answers before it commits.
const acknowledgeEarly = false
