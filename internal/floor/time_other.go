//go:build !unix

package floor

import "time"

var started = time.Now()

// ProcessorTime returns wall-clock time, because this system has no getrusage.
func ProcessorTime() time.Duration { return time.Since(started) }
