package archive

import (
	"cmp"
	"context"
	"crypto"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Options configure an [Archive]. The zero value is ready to use.
type Options struct {
	// Sealer encrypts the private keys that are kept, for example AES-256-GCM with a
	// key from your KMS. It must be safe for concurrent use. Each private key gets a
	// random nonce, so encrypt at most 2^32 of them with one key of AES-GCM (NIST SP
	// 800-38D, section 8.3). An AEAD with a NonceSize of 0 draws its own nonces, as
	// [cipher.NewGCMWithRandomNonce] does, the only AES-GCM that GODEBUG=fips140=only
	// allows. Nil means that no private key is kept.
	Sealer cipher.AEAD `json:"-"`
}

// Format prints only the type of the Sealer, which holds a key.
func (o Options) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{Sealer:%T}", o.Sealer) }

// An Archive runs the operations on the CSRs in a [Store]. It is safe for concurrent
// use, and several Archives can share a Store.
type Archive struct {
	store  Store
	sealer *sealer // nil without Options.Sealer
}

// New returns an Archive over a store. It panics if the store is nil or a nil
// pointer.
func New(store Store, opts Options) *Archive {
	// Without this check an operation would panic later.
	if param.IsNil(store) {
		panic("archive.New: the store is nil; want one such as new(archive.MemoryStore)")
	}
	a := &Archive{store: store}
	if opts.Sealer != nil {
		a.sealer = &sealer{opts.Sealer}
	}
	return a
}

// Add stores what [csr.CreateCsr] or [csr.CreateCsrWithKey] returned. name is the Name
// of the request, and may be empty. key is the private key; nil means that the archive
// does not keep it. The package comment says what happens if the archive has this CSR.
//
// Add returns [yuncert.ErrInvalidParameter] if the CsrId of resp is not the one that
// the CSR gets, if key does not belong to the CSR, and if there is a key and no Sealer.
func (a *Archive) Add(ctx context.Context, rand io.Reader, now time.Time, resp *csr.CreateCsrResponse, name string, key *algorithm.PrivateKey) error {
	if resp == nil {
		return yuncert.Missing("Csr")
	}
	r, err := newRecord(resp.Csr)
	if err != nil {
		return err
	}
	if resp.CsrId != r.CsrId {
		return param.Refused("CsrId", "%d is not the CsrId that CreateCsr gave this CSR; the archive keeps it under %d", resp.CsrId, r.CsrId)
	}
	if err := param.CreatedCSRName(name); err != nil {
		return err
	}
	if key != nil {
		if err := r.checkKey(key); err != nil {
			return err
		}
	}
	return a.keep(ctx, rand, now, r, name, key)
}

// keep stores a new record. If there is one for the same CSR, it adds the name and the
// key to that one.
func (a *Archive) keep(ctx context.Context, rand io.Reader, now time.Time, r *Record, name string, key *algorithm.PrivateKey) error {
	var sealed []byte
	if key != nil {
		var err error
		sealed, err = a.seal(rand, r.CsrId, key)
		if err != nil {
			return err
		}
	}
	return a.update(ctx, func(tx Tx) error {
		kept, found, err := tx.Record(r.CsrId)
		if err != nil {
			return err
		}
		if !found {
			kept = *r
			kept.Created = now.UTC().Truncate(time.Microsecond)
		}
		if kept.Csr != r.Csr {
			// A CsrId has 53 bits, so somebody can look for two CSRs with the same one.
			return param.Refused("Csr", "the archive has another CSR with the CsrId %d; create a new CSR", r.CsrId)
		}
		changed := !found
		if name != "" && name != kept.Name {
			kept.Name = name
			changed = true
		}
		if len(kept.SealedKey) == 0 && len(sealed) > 0 {
			kept.SealedKey = sealed
			changed = true
		}
		if !changed {
			return nil
		}
		kept.Search = kept.searchText()
		return tx.Put(kept)
	})
}

// newRecord reads the parameter Csr. The result has no Name, Created and SealedKey.
func newRecord(text string) (*Record, error) {
	request, err := csr.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	keySha2, err := keyDigest(request.PublicKey)
	if err != nil {
		return nil, param.Wrap(err, param.CodeOf(err), "Csr", "the CSR's key")
	}
	subject, err := x509der.ParseName(request.RawSubject)
	if err != nil {
		return nil, param.Malformed("Csr", "the CSR cannot be read: %v", err)
	}
	names := request.Names
	host, ok := x509der.HostName(request.CommonName)
	if ok {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == host })
	}
	r := &Record{
		CsrId:       request.CsrId(),
		Csr:         der.PEM("CERTIFICATE REQUEST", request.Raw),
		Algorithm:   request.Algorithm.Family(),
		KeySize:     int32(request.Algorithm.KeySize()),
		KeySha2:     keySha2,
		CommonName:  request.CommonName,
		Sans:        strings.Join(names, ","),
		CountryCode: subject.Get(x509der.Country),
		Province:    subject.Get(x509der.State),
		Locality:    subject.Get(x509der.Locality),
		CorpName:    subject.Get(x509der.Organization),
		Department:  subject.Get(x509der.OrganizationalUnit),
	}
	r.Search = r.searchText()
	return r, nil
}

// keyDigest returns the KeySha2 of a public key: the SHA-256 of its DER
// SubjectPublicKeyInfo, in hexadecimal. PubMd5 is made of the same octets.
func keyDigest(pub crypto.PublicKey) (string, error) {
	info, err := algorithm.MarshalPublicKey(pub)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(info)
	return hex.EncodeToString(sum[:]), nil
}

// checkKey checks that a private key belongs to the CSR.
func (r *Record) checkKey(key *algorithm.PrivateKey) error {
	digest, err := keyDigest(key.Public())
	if err != nil {
		return param.Wrap(err, param.CodeOf(err), "Key", "")
	}
	if digest != r.KeySha2 {
		return param.Refused("Key", "the private key does not belong to the CSR: its public key is another one")
	}
	return nil
}

// searchText returns what a KeyWord is looked for in: the primary domain and the Name.
// The line feed between them is not in a KeyWord.
func (r *Record) searchText() string {
	first, _, _ := strings.Cut(r.Sans, ",")
	return fold(cmp.Or(r.CommonName, first) + "\n" + r.Name)
}

// fold returns a text for comparisons without regard to letter case.
func fold(text string) string { return strings.ToLower(text) }

// readRecord returns a record that must exist.
func readRecord(tx Reader, csrID int64) (Record, error) {
	r, found, err := tx.Record(csrID)
	if err == nil && !found {
		err = yuncert.Errorf(yuncert.ErrNotFound, "CsrId", "there is no CSR %d", csrID)
	}
	return r, err
}

func (a *Archive) update(ctx context.Context, f func(Tx) error) error {
	return storeError(a.store.Update(ctx, f))
}

func (a *Archive) view(ctx context.Context, f func(Snapshot) error) error {
	return storeError(a.store.View(ctx, f))
}

func storeError(err error) error {
	return param.StoreFailed(err, yuncert.ErrInternalError, "", "the CSR store failed")
}
