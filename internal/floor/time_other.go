//go:build !unix

package floor

import "time"

var begun = time.Now()

// ProcessorTime is the time on the wall where the system tells no other.
func ProcessorTime() time.Duration { return time.Since(begun) }
