package yuncert_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/big"
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	inventorystore "github.com/yuncert/yuncert/ca/inventory/sqlstore"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	archivestore "github.com/yuncert/yuncert/csr/archive/sqlstore"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// A world has one value of every exported type, with its keys where
// the type has to do with keys at all.
type world struct {
	needles *testkeys.Needles // of all keys and the password
	values  map[string][]any  // by typeName
	root    *ca.Issuer
	issuer  *ca.Issuer
	chain   string
	csr     string
	key     *algorithm.PrivateKey // of the issuer
	pem     []byte                // that key, in PEM
	archive *archive.Archive      // with csr, without its private key
}

// A device is a key that a caller keeps in a struct: fmt would show it.
type device struct {
	scalar  []byte
	decimal string
	key     crypto.Signer
}

func (d device) Public() crypto.PublicKey { return d.key.Public() }

func (d device) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.key.Sign(rand, digest, opts)
}

func newDevice(a algorithm.Algorithm, i int) device {
	d := testkeys.Numbers(a, i)[0]
	return device{d.Bytes(), d.String(), testkeys.Key(a, i)}
}

// secretPassword encrypts the files of encryptedFiles.
const secretPassword = "correct horse 密码"

// encryptedFiles have the first key of each family.
var encryptedFiles = map[algorithm.Algorithm]string{
	algorithm.RSA_2048: "algorithm/testdata/encrypted/rsa.pem",
	algorithm.ECC_256:  "algorithm/testdata/encrypted/aes-256-cbc.pem",
	algorithm.SM2_256:  "algorithm/testdata/encrypted/sm2.pem",
}

var secretsNow = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, a algorithm.Algorithm) *world {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w := &world{values: make(map[string][]any)}
	var numbers []*big.Int
	for i := range 3 {
		all := testkeys.Numbers(a, i)
		numbers = append(numbers, all[:min(3, len(all))]...) // d, p and q
	}
	numbers = append(numbers, new(big.Int).SetBytes([]byte(secretPassword)))
	w.needles = testkeys.NewNeedles(numbers...)
	w.key, w.pem = testkeys.Key(a, 1), testkeys.PEM(a, 1)
	now, rootKey, serverKey := secretsNow, testkeys.Key(a, 0), testkeys.Key(a, 2)
	// add files a value under its type's name, and a pointer's target too.
	add := func(values ...any) {
		for _, value := range values {
			v := reflect.ValueOf(value)
			isPointer := v.Kind() == reflect.Pointer
			if isPointer {
				v = v.Elem()
			}
			name := typeName(v.Type().PkgPath(), v.Type().Name())
			if isPointer && !slices.Contains([]string{"Pool", "KeyPool", "MemoryStore"}, v.Type().Name()) { // which have a lock
				w.values[name] = append(w.values[name], v.Interface())
			}
			w.values[name] = append(w.values[name], value)
		}
	}

	rootRequest := &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, rootRequest)
	must(err)
	w.root, err = ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	must(err)
	constraints := &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}
	subRequest := &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN",
		Algorithm: string(a), Years: 5, NameConstraints: constraints,
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, w.root, w.key.Public(), subRequest)
	must(err)
	policy := algorithm.KeyPolicy{Blocked: func([32]byte) bool { return false }}
	options := ca.IssuerOptions{CRLBase: "http://pki.example.com/crl", Defaults: &ca.Defaults{Organization: "Example"}, KeyPolicy: policy}
	w.issuer, err = ca.NewIssuer(sub.CertificateChain, w.key, options)
	must(err)
	held, err := ca.NewIssuer(sub.CertificateChain, newDevice(a, 1), options)
	must(err)
	w.chain = sub.CertificateChain
	pool, err := ca.NewPool(w.root, w.issuer)
	must(err)
	add(w.key, policy, a, a.SignatureAlgorithm(), rootRequest, root, constraints, subRequest, sub, &options, options.Defaults, w.issuer, held, pool)

	csrRequest := &csr.CreateCsrRequest{
		Algorithm: a.Family(), KeySize: int32(a.KeySize()), CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	}
	made, err := csr.CreateCsrWithKey(rand.Reader, serverKey, csrRequest)
	must(err)
	cdnRequest := &csr.CreateCdnCertificateSigningRequestRequest{CommonName: "www.example.com"}
	cdn, err := csr.CreateCdnCertificateSigningRequestWithKey(rand.Reader, testkeys.Key(algorithm.RSA_2048, 2), cdnRequest)
	must(err)
	request, err := csr.Parse([]byte(made.Csr))
	must(err)
	w.csr = made.Csr
	keys, err := algorithm.NewKeyPool(a, 1, 1)
	must(err)
	t.Cleanup(keys.Close)
	add(csrRequest, made, cdnRequest, cdn, request, keys)

	parent := w.issuer.Identifier()
	server := &ca.CreateServerCertificateWithCsrRequest{Csr: made.Csr, ParentIdentifier: parent, Days: 90, Immediately: 2, Tags: []ca.Tag{{Key: "a", Value: "b"}}}
	serverResponse, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, held, server)
	must(err)
	client := &ca.CreateClientCertificateWithCsrRequest{Csr: made.Csr, ParentIdentifier: parent, Days: 90, Immediately: 2}
	clientResponse, _, err := ca.CreateClientCertificateWithCsr(rand.Reader, now, w.issuer, client)
	must(err)
	add(server, serverResponse, client, clientResponse, ca.Tag{Key: "a", Value: "b"})
	keyed := &ca.CreateServerCertificateRequest{CommonName: "www.example.com", Algorithm: string(a), ParentIdentifier: parent, Days: 90, Immediately: 2}
	keyedResponse, _, _, err := ca.CreateServerCertificate(rand.Reader, now, w.issuer, keyed)
	must(err)
	keyedClient := &ca.CreateClientCertificateRequest{CommonName: "a.example.com", Algorithm: string(a), ParentIdentifier: parent, Days: 90, Immediately: 2}
	keyedClientResponse, _, _, err := ca.CreateClientCertificate(rand.Reader, now, w.issuer, keyedClient)
	must(err)
	add(keyed, keyedResponse, keyedClient, keyedClientResponse)

	custom := &ca.CreateCustomCertificateRequest{
		ParentIdentifier: parent, Csr: made.Csr, Validity: "3m", Immediately: 2,
		ApiPassthrough: ca.CustomPassthrough{
			Subject: &ca.CustomSubject{CommonName: "www.example.com", CustomAttributes: []ca.CustomAttribute{{ObjectIdentifier: "2.5.4.5", Value: "1"}}},
			Extensions: ca.CustomExtensions{
				KeyUsage: ca.CustomKeyUsage{DigitalSignature: true}, ExtendedKeyUsages: []string{"serverAuth", "clientAuth"},
				SubjectAlternativeNames: []ca.SubjectAlternativeName{{Type: "dNSName", Value: "www.example.com"}},
			},
		},
	}
	customResponse, _, err := ca.CreateCustomCertificate(rand.Reader, now, w.issuer, custom)
	must(err)
	passed := &custom.ApiPassthrough
	add(custom, customResponse, passed, passed.Subject, &passed.Subject.CustomAttributes[0], &passed.Extensions,
		passed.Extensions.KeyUsage, &passed.Extensions.SubjectAlternativeNames[0])

	ocspRequest := &ca.CreateOCSPResponderCertificateRequest{CommonName: "OCSP", Days: 30}
	ocspResponse, err := ca.CreateOCSPResponderCertificate(rand.Reader, now, w.issuer, serverKey.Public(), ocspRequest)
	must(err)
	for _, key := range []crypto.Signer{serverKey, newDevice(a, 2)} {
		responder, err := ca.NewOCSPResponder(ocspResponse.CertificateChain, key)
		must(err)
		add(responder)
	}
	add(ocspRequest, ocspResponse, ca.OCSPAnswer{Status: ca.OCSPGood}, ca.OCSPGood)
	revoked := ca.RevokedCertificate{SerialNumber: serverResponse.SerialNumber, RevocationTime: now, Reason: ca.ReasonKeyCompromise}
	add(&ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7), Revoked: ca.Revoked(revoked)}, revoked, ca.ReasonKeyCompromise)

	describe := &ca.DescribeCACertificateRequest{Identifier: parent}
	described, err := ca.DescribeCACertificate(rand.Reader, pool, describe)
	must(err)
	list := new(ca.DescribeCACertificateListRequest)
	listed, err := ca.DescribeCACertificateList(rand.Reader, now, pool, list)
	must(err)
	update := &ca.UpdateCACertificateStatusRequest{Identifier: parent}
	updated, err := ca.UpdateCACertificateStatus(rand.Reader, pool, update)
	must(err)
	add(describe, described, list, listed, listed.CertificateList[0], update, updated, ca.DescribedTag{}, ca.CACertificate{})
	verifyOptions := ca.VerifyOptions{Roots: root.Certificate, Intermediates: sub.Certificate}
	verifier, err := ca.NewVerifier(verifyOptions)
	must(err)
	add(verifyOptions, verifier)

	domain := &ca.CreateDomainCertificateRequest{Csr: made.Csr, Domain: "www.example.com", Months: 3, Immediately: 2}
	domainResponse, _, err := ca.CreateDomainCertificate(rand.Reader, now, held, domain)
	must(err)
	add(domain, domainResponse)
	addPair(t, add)
	external := &ca.CreateExternalCACertificateRequest{Csr: made.Csr, Validity: "1y", ApiPassthrough: ca.ExternalCAPassthrough{
		Subject: ca.ExternalCASubject{CommonName: "Example External CA"}, Extensions: ca.ExternalCAExtensions{PathLenConstraint: 1},
	}}
	externalResponse, err := ca.CreateExternalCACertificate(rand.Reader, now, w.root, external)
	must(err)
	add(external, &external.ApiPassthrough, &external.ApiPassthrough.Subject, &external.ApiPassthrough.Extensions, externalResponse)
	w.addOrders(t, held, add)
	add(&acme.Authority{Directory: "https://ca.example.com/directory", Key: newDevice(a, 1)}, &acme.ExternalAccount{KeyID: "1", HMACKey: secretPassword})
	w.addArchive(t, testkeys.PEM(a, 2), add)
	w.addInventory(t, held, add)

	add(yuncert.Call{Action: "CreateCsr", Version: "2020-04-07", Parameters: url.Values{"Csr": {made.Csr}}})
	add(yuncert.ErrInternalError, &yuncert.Error{Code: yuncert.ErrInternalError, Message: "no signature", Err: errors.New("the device is unplugged")})
	return w
}

// addPair adds the types of the second certificate of a pair, which is always SM2.
func addPair(t *testing.T, add func(...any)) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const a = algorithm.SM2_256
	root, err := ca.CreateRootCACertificate(rand.Reader, secretsNow, testkeys.Key(a, 0), &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", Years: 10,
	})
	must(err)
	issuer, err := ca.NewIssuer(root.CertificateChain, testkeys.Key(a, 0), ca.IssuerOptions{RootIssues: true})
	must(err)
	server, _, _, err := ca.CreateServerCertificate(rand.Reader, secretsNow, issuer, &ca.CreateServerCertificateRequest{
		CommonName: "www.example.com", Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90, Immediately: 1,
	})
	must(err)
	encrypt := &ca.CreateEncryptCertificateRequest{SignCert: server.X509Certificate}
	encryptResponse, _, err := ca.CreateEncryptCertificate(rand.Reader, secretsNow, issuer, testkeys.Key(a, 3).Public(), encrypt, nil)
	must(err)
	add(encrypt, encryptResponse)
}

// proved is a Verifier that finds every proof.
type proved struct{}

func (proved) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{c.RecordValue}, nil
}

// addOrders adds the types of package order, along the life of an order. SM2 keys
// are none that a DV certificate has: the order is for another key then.
func (w *world) addOrders(t *testing.T, issuer *ca.Issuer, add func(...any)) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, now := t.Context(), secretsNow
	store, options := order.NewMemoryStore(), order.BookOptions{Verifier: proved{}}
	book := order.NewBook(store, options)
	must(book.AddPackage(ctx, "", 4))
	made, err := csr.CreateCsrWithKey(rand.Reader, testkeys.Key(algorithm.RSA_2048, 2), &csr.CreateCsrRequest{
		Algorithm: "RSA", KeySize: 2048, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	must(err)
	create := &order.CreateCertificateWithCsrRequestRequest{Csr: made.Csr, Username: "Tom", Phone: "1", Email: "tom@example.com", ValidateType: "DNS"}
	created, err := book.CreateCertificateWithCsrRequest(ctx, rand.Reader, now, create)
	must(err)
	o, err := book.CheckOwnership(ctx, now, created.OrderId)
	must(err)
	add(store, options, book, create, created, o.Challenge(), &order.NetVerifier{}, order.Products()[0], order.Package{ProductCode: "a", TotalCount: 1})
	add(order.Proof{Domain: "www.example.com"}, &order.Refusal{Reason: "no such domain"}, &order.Unavailable{Err: io.EOF})
	if issued, err := book.Issue(ctx, rand.Reader, now, issuer, created.OrderId); err == nil { // of the CA's family
		o = issued
	}
	describe, plan := &order.DescribeCertificateStateRequest{OrderId: created.OrderId}, &order.DescribePackageStateRequest{}
	described, err := book.DescribeCertificateState(ctx, rand.Reader, describe)
	must(err)
	plans, err := book.DescribePackageState(ctx, rand.Reader, plan)
	must(err)
	add(o, o.State, describe, described, plan, plans)

	other, err := book.CreateCertificateWithCsrRequest(ctx, rand.Reader, now, create)
	must(err)
	cancel, remove := &order.CancelOrderRequestRequest{OrderId: other.OrderId}, &order.DeleteCertificateRequestRequest{OrderId: other.OrderId}
	cancelled, err := book.CancelOrderRequest(ctx, rand.Reader, now, cancel)
	must(err)
	removed, err := book.DeleteCertificateRequest(ctx, rand.Reader, remove)
	must(err)
	add(cancel, cancelled, remove, removed, &sqlstore.Store{})

	simple := &order.CreateCertificateRequestRequest{Domain: "www.example.com", Username: "Tom", Phone: "1", Email: "tom@example.com", ValidateType: "DNS"}
	simpleResp, orderKey, err := book.CreateCertificateRequest(ctx, rand.Reader, now, simple)
	must(err)
	general := &order.CreateCertificateForPackageRequestRequest{Csr: made.Csr}
	generalResp, _, err := book.CreateCertificateForPackageRequest(ctx, rand.Reader, now, general)
	must(err)
	add(simple, simpleResp, orderKey, general, generalResp)

	revoke := &order.CancelCertificateForPackageRequestRequest{OrderId: generalResp.OrderId}
	revoked, err := book.CancelCertificateForPackageRequest(ctx, rand.Reader, now, revoke)
	must(err)
	renew := &order.RenewCertificateOrderForPackageRequestRequest{OrderId: o.OrderId, Csr: made.Csr}
	renewed := &order.RenewCertificateOrderForPackageRequestResponse{OrderId: 1}
	if o.State == order.StateCertificate {
		renewed, _, err = book.RenewCertificateOrderForPackageRequest(ctx, rand.Reader, o.NotAfter, renew)
		must(err)
	}
	add(revoke, revoked, renew, renewed)
}

// addArchive adds the types of package csr/archive. key is the CSR's.
func (w *world) addArchive(t *testing.T, key []byte, add func(...any)) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, now := t.Context(), secretsNow
	block, err := aes.NewCipher(make([]byte, 32))
	must(err)
	sealer, err := cipher.NewGCM(block)
	must(err)
	store, options := new(archive.MemoryStore), archive.Options{Sealer: sealer}
	w.archive = archive.New(store, options)
	upload := &archive.UploadCsrRequest{Csr: w.csr, Key: string(key), Name: "name"}
	uploaded, err := w.archive.UploadCsr(ctx, rand.Reader, now, upload)
	must(err)
	describe, list := &archive.GetCsrDetailRequest{CsrId: uploaded.CsrId}, &archive.ListCsrRequest{}
	described, err := w.archive.GetCsrDetail(ctx, rand.Reader, describe)
	must(err)
	listed, err := w.archive.ListCsr(ctx, rand.Reader, list)
	must(err)
	var record archive.Record
	must(store.View(ctx, func(r archive.Snapshot) (err error) {
		record, _, err = r.Record(uploaded.CsrId)
		return err
	}))
	remove := &archive.DeleteCsrRequest{CsrId: uploaded.CsrId}
	removed, err := w.archive.DeleteCsr(ctx, rand.Reader, remove)
	must(err)
	_, err = w.archive.UploadCsr(ctx, rand.Reader, now, &archive.UploadCsrRequest{Csr: w.csr})
	must(err)
	update := &archive.UpdateCsrRequest{CsrId: uploaded.CsrId, Key: string(key)}
	add(&options, w.archive, store, record, archive.Filter{}, upload, uploaded, describe, described, list, listed, listed.CsrList[0], remove, removed, update, &archive.UpdateCsrResponse{}, &archivestore.Store{})
}

// withKey has the types that the documents give a private key in PEM. encoding/json
// writes it, because clients send and receive it. So does %p, for which fmt calls no
// method, and which go vet refuses for a struct.
var withKey = map[string]bool{
	"csr/archive.UploadCsrRequest": true, "csr/archive.UpdateCsrRequest": true, "csr/archive.GetCsrDetailResponse": true,
}

// withKeyField has the types with a field for a key of the caller. Only %p shows it.
var withKeyField = map[string]bool{"order/acme.Authority": true, "order/acme.ExternalAccount": true}

// typeName returns the name of a type with the path of its package below the module,
// such as "csr/archive.Store": the packages of several stores have the same name.
func typeName(pkgPath, name string) string {
	const module = "github.com/yuncert/yuncert"
	return strings.TrimPrefix(pkgPath+"."+name, module+"/")
}

// addInventory adds the types of package inventory.
func (w *world) addInventory(t *testing.T, issuer *ca.Issuer, add func(...any)) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, now := t.Context(), secretsNow
	store := new(inventory.MemoryStore)
	v := inventory.New(store)
	labels := inventory.Labels{AliasName: "www"}
	record, err := v.AddCA(ctx, now, issuer, labels)
	must(err)
	_, der, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{Csr: w.csr, ParentIdentifier: issuer.Identifier(), Days: 90})
	must(err)
	c, err := v.Add(ctx, now, der, labels)
	must(err)
	add(store, &inventorystore.Store{}, v, labels, record, c, inventory.Revocation{Reason: ca.ReasonKeyCompromise}, inventory.Filter{Name: "www"}, inventory.Query{Limit: 1}, inventory.List{Number: 1},
		inventory.Call{ClientToken: "once"}, inventory.Issued{Issuer: issuer})

	describe := &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier}
	described, err := v.DescribeClientCertificate(ctx, rand.Reader, describe)
	must(err)
	list := new(inventory.ListClientCertificateRequest)
	listed, err := v.ListClientCertificate(ctx, rand.Reader, list)
	must(err)
	address := &inventory.GetCaInstanceCrlAddressRequest{CaIdentifier: issuer.Identifier()}
	addressed, err := v.GetCaInstanceCrlAddress(ctx, rand.Reader, address)
	must(err)
	revoke := &inventory.CreateRevokeClientCertificateRequest{Identifier: c.Identifier}
	revoked, err := v.CreateRevokeClientCertificate(ctx, rand.Reader, now, revoke)
	must(err)
	status := &inventory.DescribeClientCertificateStatusRequest{Identifier: c.Identifier}
	stated, err := v.DescribeClientCertificateStatus(ctx, rand.Reader, status)
	must(err)
	listRevoked := new(inventory.ListRevokeCertificateRequest)
	revokedList, err := v.ListRevokeCertificate(ctx, rand.Reader, listRevoked)
	must(err)
	remove := &inventory.DeleteClientCertificateRequest{Identifier: c.Identifier}
	removed, err := v.DeleteClientCertificate(ctx, rand.Reader, now, remove)
	must(err)
	add(describe, described, described.Certificate, list, listed, listed.CertificateList[0], address, addressed, revoke, revoked,
		status, stated, stated.CertificateStatus[0], listRevoked, revokedList, revokedList.CertificateList[0], remove, removed)
}

// exportedTypes lists the exported types of every package that a caller imports.
// An interface holds nothing of its own.
func exportedTypes(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "internal" || d.Name() == "examples" || d.Name() == "testdata" || file != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkgPath := path.Join("github.com/yuncert/yuncert", filepath.ToSlash(filepath.Dir(file)))
		for _, decl := range parsed.Decls {
			types, ok := decl.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				named := spec.(*ast.TypeSpec)
				_, isInterface := named.Type.(*ast.InterfaceType)
				isAlias := named.Assign.IsValid()
				if !isInterface && !isAlias && named.Name.IsExported() {
					names = append(names, typeName(pkgPath, named.Name.Name))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// Every exported type is among the values that the test below prints.
func TestSecretsKnowsEveryType(t *testing.T) {
	t.Parallel()
	var have []string
	for name := range newWorld(t, algorithm.ECC_256).values {
		have = append(have, name)
	}
	slices.Sort(have)
	if diff := cmp.Diff(exportedTypes(t), have); diff != "" {
		t.Errorf("newWorld has other types than the packages (-packages +newWorld):\n%s", diff)
	}
}

// prints is everything that turns a value into text.
func prints(v any) map[string]string {
	out := make(map[string]string)
	for _, verb := range "vsdxXqobefgtTcUp!" {
		for _, flags := range []string{"", "+", "#"} {
			format := "%" + flags + string(verb)
			out[format] = fmt.Sprintf(format, v)
		}
	}
	var text, object strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("issuing", "value", v, slog.Group("group", "value", v))
	slog.New(slog.NewJSONHandler(&object, nil)).Info("issuing", "value", v, slog.Group("group", "value", v))
	out["slog text"], out["slog JSON"] = text.String(), object.String()
	encoded, err := json.Marshal(v)
	out["encoding/json"] = fmt.Sprintf("%s %v", encoded, err)
	return out
}

// However a value of this module is printed, no private key is in it, except for those
// of withKey.
func TestSecretsOfTypes(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, a)
			if w.needles.In(fmt.Sprint(newDevice(a, 1))) == "" || w.needles.In(string(w.pem)) == "" || w.needles.In(fmt.Sprintf("%q", secretPassword)) == "" {
				t.Fatal("the search finds no key or password where there is one")
			}
			for name, values := range w.values {
				for _, v := range values {
					for how, text := range prints(v) {
						isAddress := strings.HasSuffix(how, "p")
						if withKey[name] && (how == "encoding/json" || isAddress) || withKeyField[name] && isAddress {
							continue
						}
						if found := w.needles.In(text); found != "" {
							t.Errorf("%s as %T, %s: it shows %q", name, v, how, found)
						}
					}
				}
			}
		})
	}
}

// keyForms are what a private key looks like where it does not belong: as a file
// holds it, and as forms, URLs, JSON and people spoil it.
func keyForms(text []byte) (forms, spoilt map[string]string) {
	block, _ := pem.Decode(text)
	body := base64.StdEncoding.EncodeToString(block.Bytes)
	forms, spoilt = map[string]string{
		"PEM":              string(text),
		"PEM in one line":  strings.ReplaceAll(string(text), "\n", " "),
		"PEM, \\n as text": strings.ReplaceAll(string(text), "\n", `\n`),
		"PEM cut off":      string(text[:len(text)-40]),
		"DER":              string(block.Bytes),
		"base64":           body,
		"hexadecimal":      fmt.Sprintf("%x", block.Bytes),
	}, make(map[string]string)
	spoil := func(name, label string, der []byte) {
		body := base64.StdEncoding.EncodeToString(der)
		begin, end := "-----BEGIN "+label+"-----", "-----END "+label+"-----"
		spoilt["base64 of "+name] = body
		spoilt["base64 for URLs of "+name] = base64.RawURLEncoding.EncodeToString(der)
		spoilt["base64 of "+name+" after text"] = "this is our key, please keep it safe: " + body
		spoilt["base64 of "+name+" in quotation marks"] = `"key": "` + body + `"`
		spoilt["base64 of "+name+" in a URL"] = url.QueryEscape(body)
		for separator, between := range map[string]string{"+": "+", "%20": "%20", "a low line": "_", "nothing": "", "an escape": `\u0020`, "two spaces": "  "} {
			spoilt["PEM of "+name+", words with "+separator] = strings.ReplaceAll(begin, " ", between) + body + strings.ReplaceAll(end, " ", between)
		}
		spoilt["PEM of "+name+" in a URL"] = url.QueryEscape(begin + "\n" + body + "\n" + end)
		spoilt["PEM of "+name+" without BEGIN"] = strings.TrimPrefix(begin, "-----BEGIN ") + body
		spoilt["PEM of "+name+" in small letters"] = strings.ToLower(begin) + body
	}
	spoil("PKCS #8", "PRIVATE KEY", block.Bytes)
	// In these the key begins sooner.
	var outer struct {
		Version int
		ID      asn1.RawValue
		Key     []byte
	}
	if _, err := asn1.Unmarshal(block.Bytes, &outer); err == nil {
		spoil("what PKCS #8 holds", "EC PRIVATE KEY", outer.Key)
	}
	switch key, _ := x509.ParsePKCS8PrivateKey(block.Bytes); key := key.(type) {
	case *ecdsa.PrivateKey:
		if d, err := key.Bytes(); err == nil { // as in a JWK
			spoilt["base64 of the number"] = base64.StdEncoding.EncodeToString(d)
			spoilt["base64 for URLs of the number"] = base64.RawURLEncoding.EncodeToString(d)
		}
		if sec1, err := x509.MarshalECPrivateKey(key); err == nil {
			spoil("SEC 1", "EC PRIVATE KEY", sec1)
			forms["PEM of SEC 1"] = testutil.EncodePEM("EC PRIVATE KEY", sec1)
		}
	case *rsa.PrivateKey:
		spoil("PKCS #1", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
		forms["PEM of PKCS #1"] = testutil.EncodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	}
	for _, label := range []string{"RSA PRIVATE KEY", "EC PRIVATE KEY", "SM2 PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL", "PUBLIC KEY"} {
		forms["PEM labelled "+label] = testutil.EncodePEM(label, block.Bytes)
	}
	return forms, spoilt
}

// No error shows a private key that the input contains, for any kind of input, or the
// password of one.
func TestSecretsInErrors(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, a)
			failed := 0
			check := func(what string, err error) {
				if err == nil {
					return
				}
				failed++
				encoded, _ := json.Marshal(err)
				for how, text := range map[string]string{"Error": err.Error(), "%+v": fmt.Sprintf("%+v", err), "%#v": fmt.Sprintf("%#v", err), "%x": fmt.Sprintf("%x", err), "JSON": string(encoded)} {
					if found := w.needles.In(text); found != "" {
						t.Errorf("%s: the error's %s shows %q: %v", what, how, found, err)
					}
				}
			}
			forms, spoilt := keyForms(w.pem)
			for form, text := range forms {
				w.readersOf(text, func(reader string, err error) { check(reader+", "+form, err) })
			}
			maps.Copy(forms, spoilt)
			for form, text := range forms {
				w.requestsWith(text, func(field string, err error) {
					// A message may quote 80 characters of a name that is refused. It does not quote a key in PEM or base64,
					// which people paste. It may quote one in hexadecimal, which looks like a digest.
					if strings.HasPrefix(form, "PEM") || strings.HasPrefix(form, "base64") || strings.Contains(field, ".Csr") {
						check(field+", "+form, err)
					}
				})
			}
			w.spoiltKeys(func(what string, err error) { check(what, err) })
			w.spoiltEncryptedKeys(t, a, check)
			w.spoiltEnvelopes(t, a, check)
			if failed < 500 {
				t.Errorf("only %d errors came up", failed)
			}
		})
	}
}

// readersOf gives a text to everything that reads texts, by itself and next to a CSR
// and a chain.
func (w *world) readersOf(text string, tried func(reader string, err error)) {
	for name, mixed := range map[string]string{
		"by itself": text, "before a CSR": text + "\n" + w.csr, "after a CSR": w.csr + text,
		"before a chain": text + "\n" + w.chain, "after a chain": w.chain + text,
	} {
		w.read(mixed, func(reader string, err error) { tried(reader+" "+name, err) })
	}
}

// read gives a text to everything that reads texts.
func (w *world) read(text string, tried func(reader string, err error)) {
	_, err := csr.Parse([]byte(text))
	tried("csr.Parse", err)
	_, err = ca.NewIssuer(text, w.key, ca.IssuerOptions{})
	tried("NewIssuer", err)
	_, err = ca.NewOCSPResponder(text, w.key)
	tried("NewOCSPResponder", err)
	_, err = ca.ParseRevocationList([]byte(text))
	tried("ParseRevocationList", err)
	_, err = ca.Verify(secretsNow, text, ca.VerifyOptions{Roots: w.chain})
	tried("Verify, Certificate", err)
	_, err = ca.Verify(secretsNow, w.chain, ca.VerifyOptions{Roots: text})
	tried("Verify, Roots", err)
	_, err = ca.Verify(secretsNow, w.chain, ca.VerifyOptions{Roots: w.chain, Intermediates: text})
	tried("Verify, Intermediates", err)
	_, err = ca.LoadPool(fstest.MapFS{"ca.pem": {Data: []byte(text)}, "ca.key": {Data: w.pem}}, nil, ca.IssuerOptions{})
	tried("LoadPool, the chain", err)
	_, err = ca.LoadPool(fstest.MapFS{"ca.pem": {Data: []byte(w.chain)}, "ca.key": {Data: []byte(text)}}, givePassword, ca.IssuerOptions{})
	tried("LoadPool, the key", err)
	_, err = algorithm.ParsePrivateKey([]byte(text))
	tried("ParsePrivateKey", err)
	_, err = algorithm.ParseEncryptedPrivateKey([]byte(text), []byte(secretPassword))
	tried("ParseEncryptedPrivateKey", err)
	_, err = algorithm.ParsePublicKey([]byte(text))
	tried("ParsePublicKey", err)
	_, err = w.key.OpenEnvelope([]byte(text))
	tried("OpenEnvelope", err)
	_, err = algorithm.Parse(text)
	tried("algorithm.Parse", err)
}

// requestsWith puts a text into each text of each request in turn.
func (w *world) requestsWith(text string, tried func(field string, err error)) {
	now, rnd := secretsNow, rand.Reader
	custom := func(change func(*ca.CreateCustomCertificateRequest)) error {
		req := w.values["ca.CreateCustomCertificateRequest"][0].(ca.CreateCustomCertificateRequest)
		change(&req)
		_, _, err := ca.CreateCustomCertificate(rnd, now, w.issuer, &req)
		return err
	}
	operations := map[string]func(v any) error{
		"csr.CreateCsrRequest": func(v any) error {
			_, _, err := csr.CreateCsr(rnd, v.(*csr.CreateCsrRequest))
			return err
		},
		"csr.CreateCdnCertificateSigningRequestRequest": func(v any) error {
			return v.(*csr.CreateCdnCertificateSigningRequestRequest).Validate()
		},
		"ca.CreateRootCACertificateRequest": func(v any) error {
			_, err := ca.CreateRootCACertificate(rnd, now, w.key, v.(*ca.CreateRootCACertificateRequest))
			return err
		},
		"ca.CreateSubCACertificateRequest": func(v any) error {
			_, err := ca.CreateSubCACertificate(rnd, now, w.root, w.key.Public(), v.(*ca.CreateSubCACertificateRequest))
			return err
		},
		"ca.CreateExternalCACertificateRequest": func(v any) error {
			_, err := ca.CreateExternalCACertificate(rnd, now, w.root, v.(*ca.CreateExternalCACertificateRequest))
			return err
		},
		"ca.ExternalCASubject": func(v any) error {
			_, err := ca.CreateExternalCACertificate(rnd, now, w.root, &ca.CreateExternalCACertificateRequest{
				Csr: w.csr, Validity: "1y", ApiPassthrough: ca.ExternalCAPassthrough{Subject: *v.(*ca.ExternalCASubject)},
			})
			return err
		},
		"ca.CreateServerCertificateWithCsrRequest": func(v any) error {
			_, _, err := ca.CreateServerCertificateWithCsr(rnd, now, w.issuer, v.(*ca.CreateServerCertificateWithCsrRequest))
			return err
		},
		"ca.CreateClientCertificateWithCsrRequest": func(v any) error {
			_, _, err := ca.CreateClientCertificateWithCsr(rnd, now, w.issuer, v.(*ca.CreateClientCertificateWithCsrRequest))
			return err
		},
		"ca.CreateCustomCertificateRequest": func(v any) error {
			return custom(func(r *ca.CreateCustomCertificateRequest) { *r = *v.(*ca.CreateCustomCertificateRequest) })
		},
		"ca.CustomPassthrough": func(v any) error {
			return custom(func(r *ca.CreateCustomCertificateRequest) { r.ApiPassthrough = *v.(*ca.CustomPassthrough) })
		},
		"ca.CustomSubject": func(v any) error {
			return custom(func(r *ca.CreateCustomCertificateRequest) { r.ApiPassthrough.Subject = v.(*ca.CustomSubject) })
		},
		"ca.CustomAttribute": func(v any) error {
			return custom(func(r *ca.CreateCustomCertificateRequest) {
				r.ApiPassthrough.Subject = &ca.CustomSubject{CustomAttributes: []ca.CustomAttribute{*v.(*ca.CustomAttribute)}}
			})
		},
		"ca.SubjectAlternativeName": func(v any) error {
			return custom(func(r *ca.CreateCustomCertificateRequest) {
				r.ApiPassthrough.Extensions.SubjectAlternativeNames = []ca.SubjectAlternativeName{*v.(*ca.SubjectAlternativeName)}
			})
		},
		"ca.CreateServerCertificateRequest": func(v any) error { return v.(*ca.CreateServerCertificateRequest).Validate() },
		"ca.CreateClientCertificateRequest": func(v any) error { return v.(*ca.CreateClientCertificateRequest).Validate() },
		"ca.CreateOCSPResponderCertificateRequest": func(v any) error {
			return v.(*ca.CreateOCSPResponderCertificateRequest).Validate()
		},
		"ca.CreateRevocationListRequest": func(v any) error {
			_, err := ca.CreateRevocationList(rnd, now, w.issuer, v.(*ca.CreateRevocationListRequest))
			return err
		},
		"ca.RevokedCertificate": func(v any) error {
			_, err := ca.CreateRevocationList(rnd, now, w.issuer, &ca.CreateRevocationListRequest{
				Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7), Revoked: ca.Revoked(*v.(*ca.RevokedCertificate)),
			})
			return err
		},
		"ca.DescribeCACertificateRequest": func(v any) error {
			_, err := ca.DescribeCACertificate(rnd, nil, v.(*ca.DescribeCACertificateRequest))
			return err
		},
		"ca.DescribeCACertificateListRequest": func(v any) error {
			_, err := ca.DescribeCACertificateList(rnd, now, nil, v.(*ca.DescribeCACertificateListRequest))
			return err
		},
		"ca.UpdateCACertificateStatusRequest": func(v any) error {
			_, err := ca.UpdateCACertificateStatus(rnd, nil, v.(*ca.UpdateCACertificateStatusRequest))
			return err
		},
		"ca.CreateDomainCertificateRequest": func(v any) error {
			_, _, err := ca.CreateDomainCertificate(rnd, now, w.issuer, v.(*ca.CreateDomainCertificateRequest))
			return err
		},
		"order.CreateCertificateWithCsrRequestRequest": func(v any) error {
			return v.(*order.CreateCertificateWithCsrRequestRequest).Validate()
		},
		"order.DescribePackageStateRequest": func(v any) error {
			return v.(*order.DescribePackageStateRequest).Validate()
		},
		"csr/archive.UploadCsrRequest": func(v any) error {
			_, err := w.archive.UploadCsr(context.Background(), rnd, now, v.(*archive.UploadCsrRequest))
			return err
		},
		"csr/archive.UpdateCsrRequest": func(v any) error {
			_, err := w.archive.UpdateCsr(context.Background(), rnd, v.(*archive.UpdateCsrRequest))
			return err
		},
		"csr/archive.ListCsrRequest": func(v any) error {
			_, err := w.archive.ListCsr(context.Background(), rnd, v.(*archive.ListCsrRequest))
			return err
		},
		"ca.IssuerOptions": func(v any) error {
			_, err := ca.NewIssuer(w.chain, w.key, *v.(*ca.IssuerOptions))
			return err
		},
	}
	for _, parameter := range []string{"Small", "Flag", "Inner", "Texts", "Numbers.1", "Tags." + text, text + ".1." + text} {
		parameters := url.Values{parameter: {text}}
		_, err := yuncert.Call{Parameters: parameters}.Decode(new(wire))
		tried("Decode, "+parameter, err)
		_, err = yuncert.ParseCall(url.Values{"Action": {text, parameter}}, nil)
		tried("ParseCall, "+parameter, err)
	}
	for name, operate := range operations {
		valid := reflect.ValueOf(w.values[name][0])
		for i := range valid.NumField() {
			if valid.Field(i).Kind() != reflect.String {
				continue
			}
			changed := reflect.New(valid.Type())
			changed.Elem().Set(valid)
			changed.Elem().Field(i).SetString(text)
			tried(name+"."+valid.Type().Field(i).Name, operate(changed.Interface()))
			if validator, ok := changed.Interface().(interface{ Validate() error }); ok {
				tried(name+"."+valid.Type().Field(i).Name+", Validate", validator.Validate())
			}
		}
	}
}

// spoiltKeys reads the key with each octet of it changed.
func (w *world) spoiltKeys(tried func(what string, err error)) {
	block, _ := pem.Decode(w.pem)
	for at := range block.Bytes {
		der := bytes.Clone(block.Bytes)
		der[at] ^= 0x55
		for _, label := range []string{"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"} {
			_, err := algorithm.ParsePrivateKey([]byte(testutil.EncodePEM(label, der)))
			tried(fmt.Sprintf("ParsePrivateKey with octet %d changed, as %s", at, label), err)
		}
	}
}

// spoiltEnvelopes opens an envelope with each octet of it changed, and with keys that
// it is not for. RSA and ECC keys have no envelopes.
func (w *world) spoiltEnvelopes(t *testing.T, a algorithm.Algorithm, tried func(what string, err error)) {
	t.Helper()
	signing := testkeys.Key(algorithm.SM2_256, 0)
	whole, err := testkeys.Key(algorithm.SM2_256, 1).Envelope(signing.Public())
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		envelope := bytes.Clone(whole)
		envelope[at] ^= 0x55
		_, err := signing.OpenEnvelope(envelope)
		tried(fmt.Sprintf("OpenEnvelope with octet %d changed", at), err)
	}
	_, err = testkeys.Key(a, 2).OpenEnvelope(whole)
	tried("OpenEnvelope, another key", err)
	for _, to := range []crypto.PublicKey{w.key.Public(), w.key, nil} {
		_, err = w.key.Envelope(to)
		tried("Envelope", err)
	}
}

func givePassword(string) ([]byte, error) { return []byte(secretPassword), nil }

// spoiltEncryptedKeys reads an encrypted key with each octet of it changed, and with
// passwords that are nearly right.
func (w *world) spoiltEncryptedKeys(t *testing.T, a algorithm.Algorithm, tried func(what string, err error)) {
	t.Helper()
	text := readText(t, encryptedFiles[a])
	_, err := algorithm.ParseEncryptedPrivateKey([]byte(text), []byte(secretPassword))
	if err != nil {
		t.Fatal(err)
	}
	whole := testutil.FirstPEM(t, text)
	for at := range whole {
		der := bytes.Clone(whole)
		der[at] ^= 0x55
		_, err := algorithm.ParseEncryptedPrivateKey([]byte(testutil.EncodePEM("ENCRYPTED PRIVATE KEY", der)), []byte(secretPassword))
		tried(fmt.Sprintf("ParseEncryptedPrivateKey with octet %d changed", at), err)
	}
	files := fstest.MapFS{"ca.pem": {Data: []byte(w.chain)}, "ca.key": {Data: []byte(text)}}
	for name, password := range map[string]string{
		"a line break": secretPassword + "\n", "quotation marks": `"` + secretPassword + `"`, "another letter": "C" + secretPassword[1:], "many": strings.Repeat(secretPassword, 1000),
	} {
		_, err := algorithm.ParseEncryptedPrivateKey([]byte(text), []byte(password))
		tried("ParseEncryptedPrivateKey, password with "+name, err)
		_, err = ca.LoadPool(files, func(string) ([]byte, error) { return []byte(password), nil }, ca.IssuerOptions{})
		tried("LoadPool, password with "+name, err)
	}
	_, err = ca.LoadPool(files, givePassword, ca.IssuerOptions{}) // the key is not the chain's
	tried("LoadPool, another key", err)
	_, err = new(algorithm.PrivateKey).EncryptedPEM([]byte(secretPassword))
	tried("EncryptedPEM", err)
}
