package main

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// An encryption is the second half of an SM2 pair, which TLCP (GB/T 38636) needs.
type encryption struct {
	certificate string
	key         *algorithm.PrivateKey
	envelope    []byte // the key, encrypted for the signing key
}

// issueEncryption makes an encryption key and signs its certificate, as a CA does
// for an applicant who has the signing certificate and its key.
func issueEncryption(now time.Time, issuer *ca.Issuer, signCert string, signKey crypto.PublicKey) (*encryption, error) {
	key, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		return nil, err
	}
	resp, _, err := ca.CreateEncryptCertificate(rand.Reader, now, issuer, key.Public(), &ca.CreateEncryptCertificateRequest{
		SignCert: signCert,
	}, nil) // signCert was issued just now, so it is not revoked
	if err != nil {
		return nil, err
	}
	envelope, err := key.Envelope(signKey)
	if err != nil {
		return nil, err
	}
	return &encryption{resp.Certificate, key, envelope}, nil
}

// writeEncryption writes the files of an encryption. A nil one removes the files of
// an earlier run, whose signing certificate is replaced.
func (w *writer) writeEncryption(e *encryption) {
	if e == nil {
		w.remove("encrypt.pem")
		w.remove("encrypt.key")
		w.remove("encrypt.envelope")
		return
	}
	w.write("encrypt.pem", e.certificate, 0o644)
	// A CA sends the envelope, and keeps the key only if its policy wants a copy.
	// TLCP servers read the key from encrypt.key.
	w.writeKey("encrypt.key", e.key)
	w.write("encrypt.envelope", string(e.envelope), 0o644)
}

func printPairChecks(out string) {
	fmt.Printf("Check the encryption certificate with:\n  openssl x509 -in %s/encrypt.pem -noout -text\n", out)
	fmt.Printf(verifySM2+"%[1]s/ca/sub.pem %[1]s/encrypt.pem\n", out)
	fmt.Printf("These two commands print the same public key:\n  openssl x509 -in %[1]s/encrypt.pem -noout -pubkey\n  openssl pkey -in %[1]s/encrypt.key -pubout\n", out)
	fmt.Println("docs/sm2.md has the commands that open the envelope.")
}
