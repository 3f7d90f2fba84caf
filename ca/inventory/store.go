package inventory

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/yuncert/yuncert/ca"
)

// A Store keeps the certificates, CAs, CRL numbers and calls of an [Inventory]. It must
// be safe for concurrent use. Package storetest tests a Store against the rules here.
//
// Instants are UTC and whole microseconds. Texts are UTF-8 without NUL. Tags and a DER
// without elements are nil.
//
// A database can answer each call with one statement that reads only what it returns. It
// needs an index for each unique value, and indexes of Id with each of Authority, Status,
// Kind, ResourceGroupId, Term and NotAfter. Only Count, Skip and several filters at once
// read more.
type Store interface {
	// Update runs f in a transaction and then commits what f wrote. It commits nothing
	// if f returns an error or panics, if the store fails, or if ctx ends before the
	// commit begins. It returns an error of f as it is: the Inventory recognizes its
	// own.
	//
	// Until this Update ends, no other one changes a certificate, CA or list that f has
	// found. This does not hold for what CAs returned. If f looked one up and did not
	// find it, another Update may create it. Then CreateCertificate returns [ErrExists],
	// and PutCA, PutList and CreateCall make the store run f again.
	//
	// A store may run f again after any conflict. So f must set its results in each
	// run and have no other side effect. f must not call the store or keep the Tx.
	//
	// If it is unknown whether the commit succeeded, such as after a broken connection,
	// the error wraps [ErrOutcomeUnknown].
	Update(ctx context.Context, f func(Tx) error) error

	// View runs f over one consistent state, which holds every Update that was
	// committed before View was called. The rules for f and its error are the same.
	View(ctx context.Context, f func(Snapshot) error) error
}

// A Reader looks up certificates, CAs, lists and calls, and says whether they exist.
type Reader interface {
	// Certificate and CertificateBySerialNumber find certificates of every Status,
	// including deleted ones.
	Certificate(identifier string) (c Certificate, found bool, err error)
	CertificateBySerialNumber(authority, serialNumber string) (c Certificate, found bool, err error)

	CA(identifier string) (c CA, found bool, err error)
	// CAs returns the CAs that have this Authority or NameAuthority. The CA that was
	// added last comes first.
	CAs(authority string) ([]CA, error)
	List(authority, crlUrl string) (l List, found bool, err error)
	Call(operation, clientToken string) (c Call, found bool, err error)
}

// A Snapshot is the state of a Store at one moment.
type Snapshot interface {
	Reader

	// Certificates returns the certificates that q selects, in its order.
	Certificates(q Query) ([]Certificate, error)

	// Count returns how many certificates q selects. It ignores After, Skip and Limit.
	Count(q Query) (int64, error)

	// AllCAs returns up to limit CAs, sorted by Identifier. It begins after an
	// Identifier, whether or not a CA has it.
	AllCAs(after string, limit int) ([]CA, error)

	// Revoked yields the CRL entries of an authority in any order, from one
	// statement and in bounded memory: the certificates with Status StatusRevoke or
	// StatusDelete whose NotAfter or Updated is not before since. With a crlUrl it
	// yields only the certificates that have it. Do not call the Snapshot before the
	// sequence has ended.
	Revoked(authority, crlUrl string, since time.Time) iter.Seq2[ca.RevokedCertificate, error]
}

// A Tx reads and writes a Store. It reads its own writes. Before PutCertificate,
// PutCA and PutList, the same Update looks up what they replace.
type Tx interface {
	Reader

	// CreateCertificate stores a certificate with an Id greater than every earlier one
	// of this store, and returns the Id. It returns [ErrExists], and f can go on, if
	// the Identifier, the pair of Authority and SerialNumber, or a CustomIdentifier
	// that is not empty is taken. The certificate has terms for Query.Term, each up to
	// 256 octets.
	CreateCertificate(c Certificate, terms []string) (id int64, err error)

	// PutCertificate replaces a certificate that the Update found. Only the DER, Labels,
	// Status, Revocation and Updated differ. A certificate with StatusDelete has no DER
	// and no Labels, and loses its terms and the Calls with its Identifier. Only then the
	// CustomIdentifier changes: from then on it is free.
	PutCertificate(c Certificate) error

	PutCA(c CA) error     // creates or replaces the CA with this Identifier
	PutList(l List) error // creates or replaces the list with this Authority and CrlUrl

	// CreateCall stores a call that the same Update has looked up and not found.
	CreateCall(c Call) error
}

// ErrExists is the error of CreateCertificate of a [Tx] if a value that must be unique
// is taken. No method of an [Inventory] returns it.
var ErrExists = errors.New("a certificate with this Identifier, serial number or CustomIdentifier exists")

// ErrOutcomeUnknown is the cause of [yuncert.ErrInternalError] if the change may or
// may not be stored.
var ErrOutcomeUnknown = errors.New("it is unknown whether the change was stored")

// A Query selects certificates. A certificate is selected if it passes all fields that
// are not zero. Deleted certificates are never selected.
type Query struct {
	Authority, Status, Kind, ResourceGroupId string

	Term         string    // one of the terms of CreateCertificate
	LeavesOnly   bool      // without certificates of KindCA
	ExpireFrom   time.Time // NotAfter is at this time or later; only with ByExpiry
	ExpireBefore time.Time // NotAfter is before this time; only with ByExpiry

	// Certificates are sorted by Id, or by NotAfter and then Id if ByExpiry is set:
	// descending, or ascending if OldestFirst is set. The first one returned follows
	// the position of After. Only its NotAfter and Id count, and no certificate needs
	// to be there. An After without an Id is before all.
	ByExpiry, OldestFirst bool
	After                 Certificate

	Skip  int64 // so many are left out after that
	Limit int   // up to so many are returned; below 1 means none
}

// A CA is a CA in a [Store]. The [Certificate] with the same Identifier has its Status
// and Labels.
type CA struct {
	Identifier       string    // of the CA's own certificate
	Authority        string    // of the certificates that it issues: see [AuthorityOf]
	NameAuthority    string    // of certificates with the CA's name and no key identifier
	CertificateChain string    // PEM, the CA's own certificate first
	CrlUrl           string    // of its CRL; empty without a CRLBase
	Added            time.Time // when it was added first
}

// A List is the state of one series of CRLs. A CA has a series for each address, and
// one with an empty CrlUrl for the list of all its certificates.
type List struct {
	Authority, CrlUrl string
	Reserved          int64     // the greatest number that a CRL began with or that RaiseCRLNumber got
	Number            int64     // the number of the newest CRL that was completed, 0 for none
	ThisUpdate        time.Time // of the newest CRL
	NextUpdate        time.Time // of the newest CRL
	HashCode          string    // SHA-256 of the newest CRL in hexadecimal
}

// A Call is a call with a ClientToken that succeeded: see [Once]. The pair of Operation
// and ClientToken is unique.
type Call struct {
	Operation   string // such as CreateClientCertificate
	ClientToken string
	Digest      string // SHA-256 of the request in hexadecimal
	Identifier  string // of the certificate that it issued or revoked
	Response    string // JSON; empty for UpdateCACertificateStatus
	Added       time.Time
}
