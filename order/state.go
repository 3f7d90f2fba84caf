package order

import (
	"slices"
	"strings"

	"github.com/yuncert/yuncert"
)

// A State is the state of an order, the Type of DescribeCertificateState. The
// documents list one more, "unknow", which no order here ever has.
type State string

const (
	StateDomainVerify State = "domain_verify" // ownership of the domain is not proved yet
	StateProcess      State = "process"       // ownership is proved, and the CA has not decided
	StateVerifyFail   State = "verify_fail"   // the CA refused
	StateCertificate  State = "certificate"   // the certificate is issued
	StatePayed        State = "payed"         // cancelled; deleting the order gives its unit back
)

// states has every state of an order.
var states = []State{StateDomainVerify, StateProcess, StateVerifyFail, StateCertificate, StatePayed}

// An event changes the state of an order. Its text is part of error messages.
type event string

const (
	eventMiss   event = "a check of ownership that found no proof"
	eventProve  event = "proof of ownership"
	eventIssue  event = "issuing"
	eventFail   event = "a refusal by the CA"
	eventCancel event = "CancelOrderRequest"
	eventDelete event = "DeleteCertificateRequest"
)

// deleted is the state after DeleteCertificateRequest, when no order is left.
const deleted State = ""

// transitions has, for each event, the state after it by the state before it. Any
// other event is [yuncert.ErrOrderStateError].
var transitions = map[event]map[State]State{
	eventMiss:   {StateDomainVerify: StateDomainVerify},
	eventProve:  {StateDomainVerify: StateProcess},
	eventIssue:  {StateProcess: StateCertificate},
	eventFail:   {StateProcess: StateVerifyFail},
	eventCancel: {StateDomainVerify: StatePayed, StateProcess: StatePayed},
	eventDelete: {StateVerifyFail: deleted, StatePayed: deleted},
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
