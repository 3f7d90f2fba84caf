// Command serve answers calls of the cloud's SDKs, with CAs of its own and its records
// in SQLite:
//
//	go -C examples/services run ./serve
//
// Callers are not authenticated: programs on this machine and pages in its browsers can
// issue and revoke. So serve listens on loopback only. To let others call, put a gateway
// with client certificates or tokens in front, or check signatures in handler.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
)

func main() {
	cache, _ := os.UserCacheDir()
	addr := flag.String("addr", "127.0.0.1:8080", "loopback `address` to listen on")
	dir := flag.String("dir", filepath.Join(cache, "yuncert-serve"), "`directory` of keys and records; created if it does not exist")
	flag.Parse()
	log.Fatal(run(*addr, *dir))
}

// run serves until the process ends. Records and keys are written before their answer.
func run(addr, dir string) error {
	s, err := open(context.Background(), dir)
	if err != nil {
		return err
	}
	defer s.db.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address, and callers are not authenticated", addr)
	}
	fmt.Printf("Listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler(s.operations()), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	return server.Serve(listener)
}

// operations has one line for each operation: its version, its name, its function.
func (s *service) operations() map[string]operation {
	return map[string]operation{
		"2018-05-10 CreateCdnCertificateSigningRequest":     untimed(s.createCdnCSR),
		"2020-04-07 CreateCsr":                              timed(s.createCSR),
		"2020-04-07 UploadCsr":                              timed(s.archive.UploadCsr),
		"2020-04-07 GetCsrDetail":                           untimed(s.archive.GetCsrDetail),
		"2020-04-07 ListCsr":                                untimed(s.archive.ListCsr),
		"2020-04-07 UpdateCsr":                              untimed(s.archive.UpdateCsr),
		"2020-04-07 DeleteCsr":                              untimed(s.archive.DeleteCsr),
		"2020-04-07 CreateCertificateWithCsrRequest":        timed(s.orders.CreateCertificateWithCsrRequest),
		"2020-04-07 CreateCertificateRequest":               place(s, s.orders.CreateCertificateRequest),
		"2020-04-07 CreateCertificateForPackageRequest":     place(s, s.orders.CreateCertificateForPackageRequest),
		"2020-04-07 RenewCertificateOrderForPackageRequest": place(s, s.orders.RenewCertificateOrderForPackageRequest),
		"2020-04-07 CancelCertificateForPackageRequest":     timed(s.orders.CancelCertificateForPackageRequest),
		"2020-04-07 DescribeCertificateState":               untimed(s.orders.DescribeCertificateState),
		"2020-04-07 DescribePackageState":                   untimed(s.orders.DescribePackageState),
		"2020-04-07 CancelOrderRequest":                     timed(s.orders.CancelOrderRequest),
		"2020-04-07 DeleteCertificateRequest":               untimed(s.orders.DeleteCertificateRequest),
		"2020-06-30 CreateRootCACertificate":                timed(s.createRootCA),
		"2020-06-30 CreateSubCACertificate":                 timed(s.createSubCA),
		"2020-06-30 CreateExternalCACertificate":            issue(s, withoutKey(createExternalCA)),
		"2020-06-30 DescribeCACertificate":                  untimed(s.describeCA),
		"2020-06-30 DescribeCACertificateList":              timed(s.describeCAs),
		"2020-06-30 UpdateCACertificateStatus":              timed(s.updateCAStatus),
		"2020-06-30 CreateServerCertificate":                issue(s, ca.CreateServerCertificate),
		"2020-06-30 CreateServerCertificateWithCsr":         issue(s, withoutKey(ca.CreateServerCertificateWithCsr)),
		"2020-06-30 CreateClientCertificate":                issue(s, ca.CreateClientCertificate),
		"2020-06-30 CreateClientCertificateWithCsr":         issue(s, withoutKey(ca.CreateClientCertificateWithCsr)),
		"2020-06-30 CreateCustomCertificate":                issue(s, withoutKey(ca.CreateCustomCertificate)),
		"2020-06-30 CreateRevokeClientCertificate":          timed(s.inventory.CreateRevokeClientCertificate),
		"2020-06-30 ListRevokeCertificate":                  untimed(s.inventory.ListRevokeCertificate),
		"2020-06-30 DeleteClientCertificate":                timed(s.inventory.DeleteClientCertificate),
		"2020-06-30 DescribeClientCertificate":              untimed(s.inventory.DescribeClientCertificate),
		"2020-06-30 DescribeClientCertificateStatus":        untimed(s.inventory.DescribeClientCertificateStatus),
		"2020-06-30 ListClientCertificate":                  untimed(s.inventory.ListClientCertificate),
		"2020-06-30 GetCaInstanceCrlAddress":                untimed(s.inventory.GetCaInstanceCrlAddress),
	}
}

type operation func(ctx context.Context, call yuncert.Call) (resp any, err error)

// timed makes an operation of a function of this module that takes the time.
func timed[Req, Resp any](f func(context.Context, io.Reader, time.Time, *Req) (*Resp, error)) operation {
	return func(ctx context.Context, call yuncert.Call) (any, error) {
		req := new(Req)
		unknown, err := call.Decode(req)
		if err != nil {
			return nil, err
		}
		if len(unknown) > 0 {
			log.Printf("%s: %d parameters are unknown and ignored; the first is %.80q", call.Action, len(unknown), unknown[0])
		}
		return f(ctx, rand.Reader, time.Now(), req)
	}
}

// untimed is timed for a function that does not take the time.
func untimed[Req, Resp any](f func(context.Context, io.Reader, *Req) (*Resp, error)) operation {
	return timed(func(ctx context.Context, rand io.Reader, _ time.Time, req *Req) (*Resp, error) {
		return f(ctx, rand, req)
	})
}

// errUnknown is the error for an operation that the service does not have, or has in
// another version.
func errUnknown(operations map[string]operation, call yuncert.Call) error {
	for name := range operations {
		if version, found := strings.CutSuffix(name, " "+call.Action); found {
			return yuncert.Errorf(yuncert.ErrInvalidApiNotFound, "Version", "%.20q does not have %s; want %s", call.Version, call.Action, version)
		}
	}
	return yuncert.ErrInvalidApiNotFound
}

func handler(operations map[string]operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		call, err := yuncert.ReadCall(r)
		answer, known := operations[call.Version+" "+call.Action]
		var resp any
		if err == nil && !known {
			err = errUnknown(operations, call)
		} else if err == nil { // a service checks here who calls: ErrForbidden
			resp, err = answer(r.Context(), call)
		}
		status, contentType, body := call.Answer(nil, resp, err)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		w.Write(body)
	}
}
