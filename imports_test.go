package yuncert_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowedImports has, for each package, the packages of this module that its code
// may import apart from tests. The imports of CONTRIBUTING.md go one way, and only
// packages for tests import internal/testkeys and internal/testutil.
var allowedImports = map[string]string{
	".":                     "",
	"algorithm":             ". internal/der internal/sm2",
	"algorithm/tjfoc":       ". algorithm internal/der internal/sm2",
	"ca":                    ". algorithm internal/der internal/param internal/x509der",
	"ca/inventory":          ". algorithm ca internal/der internal/memstore internal/param internal/x509der",
	"ca/inventory/sqlstore": "ca ca/inventory internal/sqldb",
	"csr":                   ". algorithm internal/der internal/param internal/x509der",
	"csr/archive":           ". algorithm csr internal/der internal/memstore internal/param internal/x509der",
	"csr/archive/sqlstore":  "csr/archive internal/sqldb",
	"examples/issue":        ". algorithm ca csr",
	"internal/der":          "",
	"internal/memstore":     "",
	"internal/param":        ". algorithm internal/der internal/x509der",
	"internal/sm2":          "",
	"internal/sqldb":        "",
	"internal/x509der":      "algorithm internal/der internal/sm2",
	"order":                 ". algorithm ca csr internal/der internal/memstore internal/param internal/x509der",
	"order/acme":            "internal/param order",
	"order/sqlstore":        "internal/der internal/sqldb internal/x509der order",

	// For tests.
	"ca/inventory/storetest":   ". ca ca/inventory internal/storetest",
	"csr/archive/storetest":    ". algorithm csr/archive internal/storetest internal/testkeys",
	"internal/floor":           "algorithm internal/sm2 internal/testkeys",
	"internal/sqldb/sqldbtest": "internal/sqldb",
	"internal/storetest":       "algorithm ca csr internal/testkeys",
	"internal/testkeys":        "algorithm",
	"internal/testutil":        ".",
	"internal/testutil/asn":    "",
	"order/storetest":          ". internal/storetest order",
}

func TestImports(t *testing.T) {
	t.Parallel()
	const module = "github.com/yuncert/yuncert"
	seen := make(map[string]bool)
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, err := os.Stat(filepath.Join(file, "go.mod"))
			otherModule := err == nil && file != "."
			if otherModule || entry.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		importer := path.Dir(filepath.ToSlash(file))
		seen[importer] = true
		allowed := strings.Fields(allowedImports[importer])
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			ours, ok := strings.CutPrefix(imported+"/", module+"/")
			if !ok {
				continue
			}
			if !slices.Contains(allowed, path.Clean(ours)) {
				t.Errorf("%s must not import %s", file, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for importer := range allowedImports {
		if !seen[importer] {
			t.Errorf("there is no package %s", importer)
		}
	}
	for importer := range seen {
		if _, known := allowedImports[importer]; !known {
			t.Errorf("the package %s is not among allowedImports", importer)
		}
	}
}
