package testutil_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/yuncert/yuncert/internal/testutil" // for the flag -update
)

// go test ./... -update fails in a package whose tests do not register the flag.
func TestEveryPackageHasTheFlag(t *testing.T) {
	t.Parallel()
	const root = "../.."
	tests, imports := make(map[string]bool), make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			// A folder with a go.mod is another module.
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder := filepath.Dir(path)
		tests[folder] = true
		if strings.Contains(string(text), `"github.com/yuncert/yuncert/internal/testutil"`) {
			imports[folder] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder := range tests {
		if !imports[folder] {
			t.Errorf("the tests in %s do not import internal/testutil: import it as _ at least", folder)
		}
	}
	if len(tests) < 8 {
		t.Errorf("only %d packages with tests were found", len(tests))
	}
}
