package order

import (
	"slices"
	"strings"

	"github.com/yuncert/yuncert"
)

// A State is where an order stands: the Type of DescribeCertificateState. The
// documents know one more, "unknow", which no order here comes to.
type State string

const (
	// StateDomainVerify: submitted, and ownership of the domain is not proved yet.
	StateDomainVerify State = "domain_verify"

	// StateProcess: ownership is proved, and the CA has not decided.
	StateProcess State = "process"

	// StateVerifyFail: the CA refused.
	StateVerifyFail State = "verify_fail"

	// StateCertificate: the certificate is issued.
	StateCertificate State = "certificate"

	// StatePayed: cancelled; its unit stays used until the order is deleted.
	StatePayed State = "payed"
)

// states are all that an order can be in.
var states = []State{StateDomainVerify, StateProcess, StateVerifyFail, StateCertificate, StatePayed}

// An event is what happens to an order.
type event string

const (
	eventMiss   event = "a check of ownership that found no proof"
	eventProve  event = "proof of ownership"
	eventIssue  event = "issuing"
	eventFail   event = "a refused review"
	eventCancel event = "CancelOrderRequest"
	eventDelete event = "DeleteCertificateRequest"
)

// deleted is where an order goes that is no longer there.
const deleted State = ""

// transitions is the life of an order. What is not in it is
// [yuncert.ErrOrderStateError].
var transitions = map[event]map[State]State{
	eventMiss:   {StateDomainVerify: StateDomainVerify},
	eventProve:  {StateDomainVerify: StateProcess},
	eventIssue:  {StateProcess: StateCertificate},
	eventFail:   {StateProcess: StateVerifyFail},
	eventCancel: {StateDomainVerify: StatePayed, StateProcess: StatePayed},
	eventDelete: {StateVerifyFail: deleted, StatePayed: deleted},
}

// after returns the state that follows, or why none does.
func (s State) after(e event) (State, error) {
	next, ok := transitions[e][s]
	if !ok {
		var from []string
		for state := range transitions[e] {
			from = append(from, string(state))
		}
		slices.Sort(from)
		return s, yuncert.Errorf(yuncert.ErrOrderStateError, "OrderId", "the order is in the state %s: %s is for orders in %s", s, e, strings.Join(from, " or "))
	}
	return next, nil
}
