//go:build unix

package floor

import (
	"syscall"
	"time"
)

// ProcessorTime returns the processor time that all threads of the process, and its
// children that have ended, have used so far.
func ProcessorTime() time.Duration {
	var spent int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			panic(err)
		}
		spent += u.Utime.Nano() + u.Stime.Nano()
	}
	return time.Duration(spent)
}
