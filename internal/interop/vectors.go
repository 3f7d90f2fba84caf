//go:build never

package interop

// The tests read the files of this module in the module cache. This import keeps the
// module in go.mod; without the build tag, it would put 107 MB into the test binary.
import _ "github.com/c2sp/wycheproof"
