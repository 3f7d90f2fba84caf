//go:build !unix

package floor

import "time"

var begun = time.Now()

// processorTime is the time on the wall where the system tells no other.
func processorTime() time.Duration { return time.Since(begun) }
