package interop

import "github.com/yuncert/yuncert/algorithm"

var genpkeyOptions = map[algorithm.Algorithm][]string{
	algorithm.RSA_1024: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"},
	algorithm.RSA_2048: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	algorithm.RSA_3072: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"},
	algorithm.RSA_4096: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"},
	algorithm.ECC_256:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
	algorithm.ECC_384:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"},
	algorithm.ECC_512:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"},
	algorithm.SM2_256:  {"-algorithm", "SM2"},
}

// Genpkey returns the arguments with which openssl makes a key and writes it to
// a file.
func Genpkey(a algorithm.Algorithm, file string) []string {
	return append([]string{"genpkey", "-out", file}, genpkeyOptions[a]...)
}
