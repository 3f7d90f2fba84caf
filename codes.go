package yuncert

import (
	"net/http"
	"strings"
)

// A Code is an error code as Alibaba Cloud documents it, letter for letter. It is
// itself an error: test for it with errors.Is(err, yuncert.ErrInvalidParameter).
type Code string

// Codes of package ca and of every request check, from the common list of
// Certificate Management Service. Which situation gets which code is this
// library's choice: the pages of these operations list no codes.
const (
	// ErrMissingParameter: a required parameter is absent or empty.
	ErrMissingParameter Code = "MissingParameter"

	// ErrInvalidValueMalformed: a value is wrong in itself, such as a country of
	// three letters, a host name with a space, or a CSR that does not parse or
	// verify. The code is documented for CreateCdnCertificateSigningRequest.
	ErrInvalidValueMalformed Code = "InvalidValue.Malformed"

	// ErrInvalidParameter: a well-formed value cannot be accepted here, such as a
	// key of another family than the CA's, or a validity beyond the CA's.
	ErrInvalidParameter Code = "InvalidParameter"

	// ErrNotFound: ParentIdentifier or Identifier does not name a CA that the
	// caller passed in or a certificate in the inventory, or CsrId does not name
	// a CSR in the archive.
	ErrNotFound Code = "NotFound"

	// ErrCertificateExpired: the issuing CA, a CA above it, or the certificate to
	// verify is expired or not yet valid.
	ErrCertificateExpired Code = "CertificateExpired"

	// ErrInvalidStatusUpdateProtection: the issuing CA, the certificate to verify
	// or SignCert is revoked, or the CA or certificate to revoke is already
	// revoked.
	ErrInvalidStatusUpdateProtection Code = "InvalidStatus.UpdateProtection"

	// ErrCertificatePrivateKeyExisted: a private key is already stored with the
	// CSR.
	ErrCertificatePrivateKeyExisted Code = "CertificatePrivateKey.Existed"

	// ErrInvalidStatusDeleteProtection: the certificate to delete is not revoked
	// for good.
	ErrInvalidStatusDeleteProtection Code = "InvalidStatus.DeleteProtection"

	// ErrParamRepeat: the CustomIdentifier belongs to another certificate.
	ErrParamRepeat Code = "ParamRepeat"
)

// Codes of the stages of creating a CSR. They are documented for
// CreateCdnCertificateSigningRequest; CreateCsr uses them too.
const (
	// ErrInternalKeyError: the key could not be generated, or the operation does
	// not accept the key that the caller passed in.
	ErrInternalKeyError Code = "Internal.KeyError"

	// ErrInternalCreateCSRError: the CSR could not be built or signed.
	ErrInternalCreateCSRError Code = "Internal.CreateCSRError"

	// ErrInternalEncodeCSRError: the CSR, or the digest of its public key,
	// could not be encoded.
	ErrInternalEncodeCSRError Code = "Internal.EncodeCSRError"

	// ErrInternalEncodeKeyError: the private key could not be encoded.
	ErrInternalEncodeKeyError Code = "Internal.EncodeKeyError"

	// ErrInternalError: anything else that the request did not cause: the random
	// source failed, a store failed, or the CA's key did not sign.
	ErrInternalError Code = "Internal.Error"
)

// Codes of certificate orders, documented for CreateCertificateWithCsrRequest.
const (
	// ErrNotFoundPackage: no package of this product was bought.
	ErrNotFoundPackage Code = "NotFoundPackage"

	// ErrNotRemainCount: the package has no certificate left.
	ErrNotRemainCount Code = "NotRemainCount"

	// ErrCreateCertificateRequestFailed: the application was not accepted.
	ErrCreateCertificateRequestFailed Code = "CreateCertificateRequestFailed"

	// ErrNotFoundOrder: no order has this OrderId.
	ErrNotFoundOrder Code = "NotFoundOrder"

	// ErrOrderStateError: the order's state does not allow the operation.
	ErrOrderStateError Code = "OrderStateError"

	// ErrDeleteFail: the order could not be deleted.
	ErrDeleteFail Code = "DeleteFail"

	// ErrError: any other failure of an order operation.
	ErrError Code = "Error"
)

// Codes of the cloud's gateway, which a service that answers its callers needs. The
// operations of this module do not return them; [ReadCall] returns the first three.
const (
	// ErrMissingAction, ErrMissingVersion: the call does not say which operation
	// it wants. The gateway has such a code for each parameter, Missing and its
	// name; the operations of this module return [ErrMissingParameter].
	ErrMissingAction  Code = "MissingAction"
	ErrMissingVersion Code = "MissingVersion"

	// ErrInvalidParameterFormat: Format is neither JSON nor XML.
	ErrInvalidParameterFormat Code = "InvalidParameter.Format"

	// ErrNoSuchVersion, ErrInvalidApiNotFound, ErrUnsupportedOperation: the
	// service has no such Version, has no such Action in that Version, or does
	// not offer the operation.
	ErrNoSuchVersion        Code = "NoSuchVersion"
	ErrInvalidApiNotFound   Code = "InvalidApi.NotFound"
	ErrUnsupportedOperation Code = "UnsupportedOperation"

	// ErrInvalidAccessKeyIdNotFound, ErrInvalidAccessKeyIdInactive: the key of the
	// caller is unknown or disabled.
	ErrInvalidAccessKeyIdNotFound Code = "InvalidAccessKeyId.NotFound"
	ErrInvalidAccessKeyIdInactive Code = "InvalidAccessKeyId.Inactive"

	// ErrIncompleteSignature, ErrSignatureDoesNotMatch, ErrSignatureNonceUsed: the
	// signature of the call lacks a part, is wrong, or was seen before.
	ErrIncompleteSignature   Code = "IncompleteSignature"
	ErrSignatureDoesNotMatch Code = "SignatureDoesNotMatch"
	ErrSignatureNonceUsed    Code = "SignatureNonceUsed"

	// ErrIllegalTimestamp, ErrInvalidTimeStampFormat, ErrInvalidTimeStampExpired:
	// the Timestamp is absent, malformed, or more than 15 minutes off.
	ErrIllegalTimestamp        Code = "IllegalTimestamp"
	ErrInvalidTimeStampFormat  Code = "InvalidTimeStamp.Format"
	ErrInvalidTimeStampExpired Code = "InvalidTimeStamp.Expired"

	// ErrInvalidProtocolNeedSsl: the call must use HTTPS.
	ErrInvalidProtocolNeedSsl Code = "InvalidProtocol.NeedSsl"

	// ErrForbidden, ErrForbiddenRAM: the caller may not do this.
	ErrForbidden    Code = "Forbidden"
	ErrForbiddenRAM Code = "Forbidden.RAM"

	// ErrThrottling, ErrThrottlingUser, ErrThrottlingApi: too many calls at the
	// service, of this user, or of this operation.
	ErrThrottling     Code = "Throttling"
	ErrThrottlingUser Code = "Throttling.User"
	ErrThrottlingApi  Code = "Throttling.Api"

	// ErrServiceUnavailable: the service is unavailable for a short time.
	ErrServiceUnavailable Code = "ServiceUnavailable"
)

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// HTTPStatus returns the documented status of the code: 400 if the request is
// wrong, 403 and 404 for the order codes, 500 for failures of the service. The
// gateway's codes have the statuses 400, 403, 404, 429 and 503. Documents differ
// for some of them: SignatureDoesNotMatch is 400 here, InvalidAccessKeyId.NotFound
// 404, Throttling.User 429. Missing with the name of a parameter, such as
// MissingCommonName, is 400. Any other code is 500.
func (c Code) HTTPStatus() int {
	switch c {
	case ErrMissingParameter, ErrInvalidValueMalformed, ErrInvalidParameter, ErrNotFound,
		ErrCertificateExpired, ErrInvalidStatusUpdateProtection, ErrInvalidStatusDeleteProtection,
		ErrCertificatePrivateKeyExisted, ErrParamRepeat:
		return http.StatusBadRequest
	case ErrCreateCertificateRequestFailed, ErrOrderStateError, ErrDeleteFail:
		return http.StatusForbidden
	case ErrNotFoundPackage, ErrNotRemainCount, ErrNotFoundOrder:
		return http.StatusNotFound
	}
	return c.gatewayStatus()
}

// gatewayStatus continues HTTPStatus with the codes of the gateway. The rest is 500.
func (c Code) gatewayStatus() int {
	switch c {
	case ErrInvalidParameterFormat, ErrNoSuchVersion, ErrUnsupportedOperation,
		ErrInvalidAccessKeyIdInactive, ErrIncompleteSignature, ErrSignatureDoesNotMatch,
		ErrSignatureNonceUsed, ErrIllegalTimestamp, ErrInvalidTimeStampFormat,
		ErrInvalidTimeStampExpired, ErrInvalidProtocolNeedSsl, ErrThrottling:
		return http.StatusBadRequest
	case ErrForbidden, ErrForbiddenRAM, "Forbidden.RiskControl":
		return http.StatusForbidden
	case ErrInvalidApiNotFound, ErrInvalidAccessKeyIdNotFound, "InvalidProduct.NotFound":
		return http.StatusNotFound
	case ErrThrottlingUser, ErrThrottlingApi:
		return http.StatusTooManyRequests
	case ErrServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	if strings.HasPrefix(string(c), "Missing") {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
