//go:build never

package interop

// The files of this module are read where the go command keeps it. Importing the
// package would put 107 MB of them into the test binary.
import _ "github.com/c2sp/wycheproof"
