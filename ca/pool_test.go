package ca_test

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// newPool has the root and the subordinate CA of each family, in that order.
func newPool(t testing.TB) *ca.Pool {
	t.Helper()
	var issuers []*ca.Issuer
	for _, a := range testkeys.Families {
		issuers = append(issuers, authorityOf(a).rootIssuer, authorityOf(a).issuer)
	}
	pool, err := ca.NewPool(issuers...)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestNewPoolRefuses(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	tests := []struct {
		name    string
		issuers []*ca.Issuer
		mention string
	}{
		{"nil", []*ca.Issuer{nil}, "nil"},
		{"nil after another", []*ca.Issuer{au.issuer, nil}, "nil"},
		{"the same twice", []*ca.Issuer{au.issuer, au.rootIssuer, au.issuer}, au.issuer.Identifier()},
		{"the same CA with other options", []*ca.Issuer{au.issuer, au.issuerWith(t, ca.IssuerOptions{})}, au.issuer.Identifier()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool, err := ca.NewPool(tt.issuers...)
			testutil.CheckError(t, err, refused, "", tt.mention)
			if pool != nil {
				t.Error("a Pool with an error")
			}
		})
	}
	if pool, err := ca.NewPool(); err != nil || pool == nil {
		t.Errorf("a pool of nothing: %v", err)
	}
}

func TestPoolIssuer(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	empty, err := ca.NewPool()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range testkeys.Families {
		for _, want := range []*ca.Issuer{authorityOf(a).issuer, authorityOf(a).rootIssuer} {
			if got, err := pool.Issuer(want.Identifier()); err != nil || got != want {
				t.Errorf("%s: got %v, %v", a, got, err)
			}
		}
	}
	known := authorityOf(algorithm.ECC_256).issuer.Identifier()
	tests := []struct {
		name, identifier string
		pool             *ca.Pool
		code             yuncert.Code
		mention          string
	}{
		{"none", "", pool, missing, "ParentIdentifier is mandatory for this action."},
		{"unknown", strings.Repeat("0", 32), pool, yuncert.ErrNotFound, strings.Repeat("0", 32)},
		{"upper case", strings.ToUpper(known), pool, yuncert.ErrNotFound, strings.ToUpper(known)},
		{"the beginning of one", known[:31], pool, yuncert.ErrNotFound, known[:31]},
		{"an empty pool", known, empty, yuncert.ErrNotFound, known},
		{"a nil pool", known, nil, yuncert.ErrNotFound, known},
		{"a long one is cut", strings.Repeat("x", 1000), pool, yuncert.ErrNotFound, strings.Repeat("x", 80) + `"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuer, err := tt.pool.Issuer(tt.identifier)
			testutil.CheckError(t, err, tt.code, "ParentIdentifier", tt.mention)
			if issuer != nil {
				t.Error("an Issuer with an error")
			}
		})
	}
}

// issueFrom issues under the CA of a pool that ParentIdentifier names.
func issueFrom(pool *ca.Pool, rand io.Reader, req *request) (*ca.CreateServerCertificateWithCsrResponse, []byte, error) {
	issuer, err := pool.Issuer(req.ParentIdentifier)
	if err != nil {
		return nil, nil, err
	}
	return ca.CreateServerCertificateWithCsr(rand, instant, issuer, req)
}

// The CA of a pool issues what the CA by itself issues.
func TestPoolIssues(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			issuer := authorityOf(a).issuer
			req := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
			req.Immediately = 2
			want, wantDER, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			resp, der, err := issueFrom(pool, testutil.Seeded(), req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]any{want, wantDER}, []any{resp, der}); diff != "" {
				t.Errorf("results mismatch (-want +got):\n%s", diff)
			}
		})
	}
	valid := serverRequest(authorityOf(algorithm.ECC_256).issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	tests := []struct {
		name      string
		pool      *ca.Pool
		change    fields
		code      yuncert.Code
		parameter string
	}{
		{"a bad request", pool, fields{"Days": -1}, malformed, "Days"},
		{"no ParentIdentifier", pool, fields{"ParentIdentifier": ""}, missing, "ParentIdentifier"},
		{"an unknown CA, before the request is checked", pool, fields{"ParentIdentifier": "0", "Days": -1}, yuncert.ErrNotFound, "ParentIdentifier"},
		{"a nil pool", nil, nil, yuncert.ErrNotFound, "ParentIdentifier"},
		{"a root", pool, fields{"ParentIdentifier": authorityOf(algorithm.ECC_256).rootIssuer.Identifier()}, refused, "ParentIdentifier"},
		{"a CA of another family", pool, fields{"ParentIdentifier": authorityOf(algorithm.SM2_256).issuer.Identifier()}, refused, "Csr"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := *valid
			tt.change.set(&req)
			resp, der, err := issueFrom(tt.pool, testutil.Untouched(t), &req)
			testutil.CheckError(t, err, tt.code, tt.parameter, "")
			if resp != nil || der != nil {
				t.Error("a result with an error")
			}
		})
	}
}

func TestPoolAdd(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	pool, err := ca.NewPool(au.rootIssuer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &ca.UpdateCACertificateStatusRequest{Identifier: au.root.Identifier}); err != nil {
		t.Fatal(err)
	}
	testutil.CheckError(t, pool.Add(nil), refused, "", "nil")
	testutil.CheckError(t, pool.Add(au.rootIssuer), refused, "", au.root.Identifier)
	for _, a := range []algorithm.Algorithm{algorithm.SM2_256, algorithm.ECC_256} {
		if err := pool.Add(authorityOf(a).issuer); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := pool.Issuer(authorityOf(algorithm.SM2_256).sub.Identifier); err != nil || got != authorityOf(algorithm.SM2_256).issuer {
		t.Errorf("Issuer of a CA that was added: %v, %v", got, err)
	}
	_, err = pool.Issuer(au.sub.Identifier) // below a CA that was revoked before
	testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", au.sub.Identifier)
	list, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list.CertificateList {
		got = append(got, c.Identifier)
	}
	want := []string{au.root.Identifier, authorityOf(algorithm.SM2_256).sub.Identifier, au.sub.Identifier}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CAs in the order they were added (-want +got):\n%s", diff)
	}
}

// Add runs while other goroutines read the pool: run this with -race.
func TestPoolAddConcurrently(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	pool, err := ca.NewPool(au.issuer)
	if err != nil {
		t.Fatal(err)
	}
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				if _, _, err := issueFrom(pool, nil, req); err != nil {
					t.Error(err)
				}
				if _, err := ca.DescribeCACertificateList(nil, instant, pool, nil); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	var added atomic.Int32
	for _, a := range testkeys.Families {
		for _, issuer := range []*ca.Issuer{authorityOf(a).rootIssuer, authorityOf(a).issuer} {
			for range 4 { // one of them comes first
				writers.Go(func() {
					if pool.Add(issuer) == nil {
						added.Add(1)
					}
					if got, err := pool.Issuer(issuer.Identifier()); err != nil || got.Identifier() != issuer.Identifier() {
						t.Errorf("Issuer after Add: %v, %v", got, err)
					}
				})
			}
		}
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if added.Load() != 5 || len(identifiers(t, pool, "")) != 6 {
		t.Errorf("%d CAs were added to the first, and %d are there", added.Load(), len(identifiers(t, pool, "")))
	}
}

// caFiles has a chain and a key for each family.
func caFiles() fstest.MapFS {
	files := fstest.MapFS{
		"README.md":       {Data: []byte("not a CA")},
		"other.key":       {Data: []byte("the key of nothing")},
		"sub/broken.pem":  {Data: []byte("below")},
		"old.pem/ca.pem":  {Data: []byte("below a directory that looks like a file")},
		"ca.pem.disabled": {Data: []byte("not a CA")},
	}
	for _, a := range testkeys.Families {
		files[strings.ToLower(string(a))+".pem"] = &fstest.MapFile{Data: []byte(authorityOf(a).sub.CertificateChain)}
		files[strings.ToLower(string(a))+".key"] = &fstest.MapFile{Data: testkeys.PEM(a, 1)}
	}
	return files
}

// The three families together, in the order of the file names.
func TestLoadPool(t *testing.T) {
	t.Parallel()
	pool, err := ca.LoadPool(caFiles(), nil, ca.IssuerOptions{CRLBase: crlBase})
	if err != nil {
		t.Fatal(err)
	}
	list, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, c := range list.CertificateList {
		got = append(got, c.Identifier)
	}
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.RSA_2048, algorithm.SM2_256} {
		want = append(want, authorityOf(a).sub.Identifier)
		req := serverRequest(authorityOf(a).issuer, hostCSR(t, a, "www.example.com"))
		req.EnableCrl = 1 // the options are handed on
		if _, _, err := issueFrom(pool, testutil.Seeded(), req); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("identifiers mismatch (-want +got):\n%s", diff)
	}
}

// encryptedFiles is caFiles with the RSA and SM2 keys encrypted with "rsa password" and
// "sm2 password".
func encryptedFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	files := caFiles()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.SM2_256} {
		text, err := testkeys.Key(a, 1).EncryptedPEM([]byte(strings.ToLower(a.Family()) + " password"))
		if err != nil {
			t.Fatal(err)
		}
		files[strings.ToLower(string(a))+".key"] = &fstest.MapFile{Data: text}
	}
	return files
}

// LoadPool asks for the password of each encrypted key and of no other.
func TestLoadPoolEncrypted(t *testing.T) {
	t.Parallel()
	var asked []string
	pool, err := ca.LoadPool(encryptedFiles(t), func(file string) ([]byte, error) {
		asked = append(asked, file)
		return []byte(file[:len("rsa")] + " password"), nil
	}, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"rsa_2048.key", "sm2_256.key"}, asked); diff != "" {
		t.Errorf("files mismatch (-want +got):\n%s", diff)
	}
	for _, a := range testkeys.Families {
		req := serverRequest(authorityOf(a).issuer, hostCSR(t, a, "www.example.com"))
		_, _, err := issueFrom(pool, testutil.Seeded(), req)
		if err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// Every error names the file of the key, and never the password.
func TestLoadPoolEncryptedRefuses(t *testing.T) {
	t.Parallel()
	files := encryptedFiles(t)
	noPassword := errors.New("the secret store is away")
	coded := yuncert.Errorf(yuncert.ErrNotFound, "Password", "no such secret")
	tests := []struct {
		name     string
		password func(string) ([]byte, error)
		code     yuncert.Code
		mention  string
		cause    error
	}{
		{"no function", nil, refused, "rsa_2048.key: the private key is encrypted; give LoadPool a password function", nil},
		{"a function that fails", func(string) ([]byte, error) { return nil, noPassword }, refused, "rsa_2048.key: the password function failed", noPassword},
		{"a function that fails with a code", func(string) ([]byte, error) { return nil, coded }, refused, "rsa_2048.key: the password function failed", nil},
		{"an empty password", func(string) ([]byte, error) { return nil, nil }, yuncert.ErrMissingParameter, "rsa_2048.key: the password of the private key is empty", nil},
		{"a wrong password", func(string) ([]byte, error) { return []byte("rsa password\n"), nil }, refused, "rsa_2048.key: the password is wrong", nil},
		{"a password that is right for one key", func(string) ([]byte, error) { return []byte("rsa password"), nil }, refused, "sm2_256.key: the password is wrong", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool, err := ca.LoadPool(files, tt.password, ca.IssuerOptions{})
			if pool != nil {
				t.Error("a Pool with an error")
			}
			testutil.CheckError(t, err, tt.code, "", tt.mention)
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("the cause of %v is not %v", err, tt.cause)
			}
			if errors.Is(err, yuncert.ErrNotFound) {
				t.Errorf("error %v has the code of the password function", err)
			}
			if strings.Contains(err.Error(), "rsa password") {
				t.Errorf("error %v holds the password", err)
			}
		})
	}
	if coded.Message != "no such secret" {
		t.Errorf("LoadPool changed the function's error to %v", coded)
	}
}

// unreadable is a file system of which one name cannot be opened.
type unreadable struct {
	fs.FS
	name string
}

func (u unreadable) Open(name string) (fs.File, error) {
	if name == u.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.FS.Open(name)
}

// Every error names its file, and no key.
func TestLoadPoolRefuses(t *testing.T) {
	t.Parallel()
	put := func(name string, text string) func(fstest.MapFS) fs.FS {
		return func(files fstest.MapFS) fs.FS {
			files[name] = &fstest.MapFile{Data: []byte(text)}
			return files
		}
	}
	sub := authorityOf(algorithm.ECC_256).sub
	tests := []struct {
		name      string
		change    func(fstest.MapFS) fs.FS
		options   ca.IssuerOptions
		code      yuncert.Code
		parameter string
		mention   string
		cause     error
	}{
		{"a chain that is not PEM", put("ecc_256.pem", "chain"), ca.IssuerOptions{}, malformed, "CertificateChain", "ecc_256.pem: ", nil},
		{"an empty chain", put("sm2_256.pem", ""), ca.IssuerOptions{}, malformed, "CertificateChain", "sm2_256.pem: ", nil},
		{"a chain without its root", put("rsa_2048.pem", authorityOf(algorithm.RSA_2048).sub.Certificate), ca.IssuerOptions{}, refused, "CertificateChain", "rsa_2048.pem: ", nil},
		{"a server's chain", put("ecc_256.pem", authorityOf(algorithm.RSA_2048).sub.CertificateChain), ca.IssuerOptions{}, refused, "CertificateChain", "ecc_256.pem: ", nil},
		{"a key file without a key", put("ecc_256.key", "key"), ca.IssuerOptions{}, malformed, "", "ecc_256.key: ", nil},
		{"an empty key", put("sm2_256.key", ""), ca.IssuerOptions{}, malformed, "", "sm2_256.key: ", nil},
		{"another key", put("sm2_256.key", string(testkeys.PEM(algorithm.SM2_256, 2))), ca.IssuerOptions{}, refused, "CertificateChain", "sm2_256.pem: ", nil},
		{"a key of another family", put("rsa_2048.key", string(testkeys.PEM(algorithm.ECC_256, 1))), ca.IssuerOptions{}, refused, "CertificateChain", "rsa_2048.pem: ", nil},
		{"a chain for a key", put("rsa_2048.key", sub.CertificateChain), ca.IssuerOptions{}, malformed, "", "rsa_2048.key: ", nil},
		{"no key", func(files fstest.MapFS) fs.FS { delete(files, "ecc_256.key"); return files }, ca.IssuerOptions{}, refused, "", "ecc_256.key is missing; want a private key NAME.key", fs.ErrNotExist},
		{"an unreadable key", func(files fstest.MapFS) fs.FS { return unreadable{files, "rsa_2048.key"} }, ca.IssuerOptions{}, refused, "", "rsa_2048.key", fs.ErrPermission},
		{"an unreadable chain", func(files fstest.MapFS) fs.FS { return unreadable{files, "rsa_2048.pem"} }, ca.IssuerOptions{}, refused, "", "rsa_2048.pem", fs.ErrPermission},
		{"a directory that cannot be listed", func(files fstest.MapFS) fs.FS { return unreadable{files, "."} }, ca.IssuerOptions{}, refused, "", "listed", fs.ErrPermission},
		{"no file", func(fstest.MapFS) fs.FS { return fstest.MapFS{} }, ca.IssuerOptions{}, refused, "", "NAME.pem", nil},
		{"no chain", func(files fstest.MapFS) fs.FS {
			for _, a := range testkeys.Families {
				delete(files, strings.ToLower(string(a))+".pem")
			}
			return files
		}, ca.IssuerOptions{}, refused, "", "NAME.pem", nil},
		{"the same CA twice", func(files fstest.MapFS) fs.FS {
			files["twin.pem"], files["twin.key"] = files["ecc_256.pem"], files["ecc_256.key"]
			return files
		}, ca.IssuerOptions{}, refused, "", "twin.pem: the CA " + sub.Identifier, nil},
		{"options that no CA can have", func(files fstest.MapFS) fs.FS { return files }, ca.IssuerOptions{CRLBase: "ldap://x"}, refused, "CRLBase", "ecc_256.pem: ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := tt.change(caFiles())
			pool, err := ca.LoadPool(files, nil, tt.options)
			if pool != nil {
				t.Error("a Pool with an error")
			}
			e, ok := errors.AsType[*yuncert.Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			parameter := tt.parameter
			if parameter == "" { // ParsePrivateKey's own parameter
				parameter = e.Parameter
			}
			testutil.CheckError(t, err, tt.code, parameter, tt.mention)
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("the cause of %v is not %v", err, tt.cause)
			}
			for _, a := range testkeys.Families {
				for line := range strings.Lines(string(testkeys.PEM(a, 1))) {
					if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-") && strings.Contains(err.Error(), line) {
						t.Errorf("the error holds a key: %v", err)
					}
				}
			}
		})
	}
}

// All that a pool does at once: run this with -race.
func TestPoolConcurrently(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	au := authorityOf(algorithm.ECC_256)
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	update := &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()}
	var mu sync.Mutex
	codes := make(map[error]int)
	done := make(chan struct{})
	var workers, revokers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				if _, err := ca.DescribeCACertificateList(nil, instant, pool, nil); err != nil {
					t.Error(err)
				}
				if _, err := ca.DescribeCACertificate(nil, pool, &ca.DescribeCACertificateRequest{Identifier: au.issuer.Identifier()}); err != nil {
					t.Error(err)
				}
				if _, _, err := issueFrom(pool, nil, req); err != nil && !errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection) {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for range 16 {
		revokers.Go(func() {
			_, err := ca.UpdateCACertificateStatus(nil, pool, update)
			var code error
			if e, ok := errors.AsType[*yuncert.Error](err); ok {
				code = e.Code
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	revokers.Wait()
	close(done)
	workers.Wait()
	if diff := cmp.Diff(map[error]int{nil: 1, yuncert.ErrInvalidStatusUpdateProtection: 15}, codes); diff != "" {
		t.Errorf("one of the calls revokes, and the others find it done (-want +got):\n%s", diff)
	}
}

// identifiers of a pool's CAs that are in a state.
func identifiers(t *testing.T, pool *ca.Pool, status string) (list []string) {
	t.Helper()
	resp, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, &ca.DescribeCACertificateListRequest{CaStatus: status})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range resp.CertificateList {
		list = append(list, c.Identifier)
	}
	slices.Sort(list)
	return list
}
