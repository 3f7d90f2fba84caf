package main

import (
	"crypto/x509"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

var encryptFiles = []string{"encrypt.envelope", "encrypt.key", "encrypt.pem"}

// checkServerPair verifies server.pem and encrypt.pem as a pair, and that
// encrypt.key belongs to encrypt.pem. Only signing opens encrypt.envelope.
func checkServerPair(t *testing.T, files map[string]string, signing *algorithm.PrivateKey) {
	t.Helper()
	chain, err := ca.Verify(time.Now(), files["server.pem"]+files["encrypt.pem"], ca.VerifyOptions{
		Roots: files["ca/root.pem"], Intermediates: files["chain.pem"], Host: "localhost",
		Usage: x509.ExtKeyUsageServerAuth, Pair: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !testutil.EqualKeys(signing.Public(), chain[0].PublicKey) {
		t.Error("server.pem is not for the signing key")
	}
	encryptChain, err := ca.Verify(time.Now(), files["encrypt.pem"], ca.VerifyOptions{
		Roots: files["ca/root.pem"], Intermediates: files["chain.pem"],
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := algorithm.ParsePrivateKey([]byte(files["encrypt.key"]))
	if err != nil {
		t.Fatal(err)
	}
	if !testutil.EqualKeys(key.Public(), encryptChain[0].PublicKey) {
		t.Error("encrypt.pem is not for the key in encrypt.key")
	}
	opened, err := signing.OpenEnvelope([]byte(files["encrypt.envelope"]))
	if err != nil {
		t.Fatal(err)
	}
	text, err := opened.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != files["encrypt.key"] {
		t.Error("the envelope holds another key than encrypt.key")
	}
	if _, err := key.OpenEnvelope([]byte(files["encrypt.envelope"])); err == nil {
		t.Error("a key that is not the signing key opens the envelope")
	}
}

// A run with -pair writes both certificates. Each run makes another encryption key,
// and a run without -pair leaves none of an earlier pair.
func TestPair(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run(dir, "", "", "SM2_256", 30, true); err != nil {
		t.Fatal(err)
	}
	first := readDir(t, dir)
	withPair := slices.Concat(caFiles, []string{"chain.pem"}, encryptFiles, []string{"server.csr", "server.key", "server.pem"})
	checkNames(t, first, withPair...)
	signing, err := algorithm.ParsePrivateKey([]byte(first["server.key"]))
	if err != nil {
		t.Fatal(err)
	}
	checkServerPair(t, first, signing)

	if err := run(dir, "", filepath.Join(dir, "server.csr"), "", 30, true); err != nil {
		t.Fatal(err)
	}
	renewed := readDir(t, dir)
	checkNames(t, renewed, withPair...)
	checkServerPair(t, renewed, signing)
	for _, name := range append(slices.Clone(encryptFiles), "server.pem") {
		if renewed[name] == first[name] {
			t.Errorf("the renewal left %s as it was", name)
		}
	}

	if err := run(dir, "", "", "", 30, false); err != nil {
		t.Fatal(err)
	}
	checkNames(t, readDir(t, dir), append(slices.Clone(caFiles), "chain.pem", "server.csr", "server.key", "server.pem")...)
}

// The applicant may keep the signing key elsewhere and send a CSR.
func TestPairForCSR(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "own.csr")
	if err := os.WriteFile(file, []byte(ownCSR(t, algorithm.SM2_256, "", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, "", file, "", 30, true); err != nil {
		t.Fatal(err)
	}
	files := readDir(t, dir)
	checkNames(t, files, slices.Concat(caFiles, []string{"chain.pem"}, encryptFiles, []string{"server.csr", "server.pem"})...)
	checkServerPair(t, files, testkeys.Key(algorithm.SM2_256, 2))
}

// -pair without an SM2 key changes no file, not even in an empty directory.
func TestPairNeedsSM2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		before := readDir(t, dir)
		err := run(dir, "", "", "ECC_256", 30, true)
		if err == nil || !strings.Contains(err.Error(), "add -algorithm SM2_256") {
			t.Errorf("error %v, want one that says what to do", err)
		}
		checkNames(t, readDir(t, dir), slices.Sorted(maps.Keys(before))...)
		if err := run(dir, "", "", "ECC_256", 30, false); err != nil {
			t.Fatal(err)
		}
	}
}
