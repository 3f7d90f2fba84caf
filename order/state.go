package order

import (
	"slices"
	"strings"

	"github.com/yuncert/yuncert"
)

// A State is the state of an order. DescribeCertificateState shows it as the Type. The
// documents have no Type for a revoked or cancelled order: it is "unknow" there.
type State string

const (
	StateDomainVerify State = "domain_verify" // ownership of a name is not proved yet
	StateProcess      State = "process"       // ownership is proved, and the CA has not decided
	StateVerifyFail   State = "verify_fail"   // the CA refused
	StateCertificate  State = "certificate"   // the certificate is issued
	StatePayed        State = "payed"         // cancelled; deleting the order gives its unit back
	StateRevoked      State = "revoked"       // the certificate was issued and is revoked
	StateCancelled    State = "cancelled"     // cancelled, and the unit is given back
)

// states has every state of an order.
var states = []State{
	StateDomainVerify, StateProcess, StateVerifyFail, StateCertificate, StatePayed, StateRevoked, StateCancelled,
}

// documented returns the Type of DescribeCertificateState.
func (s State) documented() string {
	if s == StateRevoked || s == StateCancelled {
		return "unknow"
	}
	return string(s)
}

// An event changes the state of an order. Its text is part of error messages.
type event string

const (
	eventCheck         event = "a check of ownership"
	eventProve         event = "proof of ownership"
	eventIssue         event = "issuing"
	eventFail          event = "a refusal by the CA"
	eventRefuse        event = "a refusal by the Authority"
	eventPostpone      event = "Postpone"
	eventCancel        event = "CancelOrderRequest"
	eventDelete        event = "DeleteCertificateRequest"
	eventRenew         event = "RenewCertificateOrderForPackageRequest"
	eventCancelPackage event = "CancelCertificateForPackageRequest"
)

// deleted is the state after DeleteCertificateRequest, when no order is left.
const deleted State = ""

// transitions has, for each event, the states before it, and for each of these the state
// after it. In any other state the event is [yuncert.ErrOrderStateError].
var transitions = map[event]map[State]State{
	eventCheck:    {StateDomainVerify: StateDomainVerify},
	eventProve:    {StateDomainVerify: StateProcess},
	eventIssue:    {StateProcess: StateCertificate},
	eventFail:     {StateProcess: StateVerifyFail},
	eventRefuse:   {StateDomainVerify: StateVerifyFail, StateProcess: StateVerifyFail},
	eventPostpone: {StateDomainVerify: StateDomainVerify, StateProcess: StateProcess, StateCertificate: StateCertificate},
	eventCancel:   {StateDomainVerify: StatePayed, StateProcess: StatePayed},
	eventDelete:   {StateVerifyFail: deleted, StatePayed: deleted},
	eventRenew:    {StateCertificate: StateCertificate},
	eventCancelPackage: {
		StateDomainVerify: StateCancelled, StateProcess: StateCancelled, StatePayed: StateCancelled, StateCertificate: StateRevoked,
	},
}

// after returns the state that follows an event.
func (s State) after(e event) (State, error) {
	next, ok := transitions[e][s]
	if !ok {
		var from []string
		for state := range transitions[e] {
			from = append(from, string(state))
		}
		slices.Sort(from)
		return s, yuncert.Errorf(yuncert.ErrOrderStateError, "OrderId", "the order is in state %s; %s needs an order in %s", s, e, strings.Join(from, " or "))
	}
	return next, nil
}
