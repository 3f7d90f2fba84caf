package order

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
)

// Every event in every state.
func TestTransitions(t *testing.T) {
	t.Parallel()
	// Each row has the states in the sequence of the variable states.
	const no State = "refused"
	rows := map[event][7]State{
		eventCheck:         {StateDomainVerify, no, no, no, no, no, no},
		eventProve:         {StateProcess, no, no, no, no, no, no},
		eventIssue:         {no, StateCertificate, no, no, no, no, no},
		eventFail:          {no, StateVerifyFail, no, no, no, no, no},
		eventRefuse:        {StateVerifyFail, StateVerifyFail, no, no, no, no, no},
		eventPostpone:      {StateDomainVerify, StateProcess, no, StateCertificate, no, no, no},
		eventCancel:        {StatePayed, StatePayed, no, no, no, no, no},
		eventDelete:        {no, no, deleted, no, deleted, no, no},
		eventRenew:         {no, no, no, StateCertificate, no, no, no},
		eventCancelPackage: {StateCancelled, StateCancelled, no, StateRevoked, StateCancelled, no, no},
	}
	want := map[event]map[State]State{}
	for e, row := range rows {
		want[e] = map[State]State{}
		for n, state := range []State{
			StateDomainVerify, StateProcess, StateVerifyFail, StateCertificate, StatePayed, StateRevoked, StateCancelled,
		} {
			want[e][state] = row[n]
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(transitions))); diff != "" {
		t.Errorf("events mismatch (-want +got):\n%s", diff)
	}
	for e, states := range want {
		for state, next := range states {
			got, err := state.after(e)
			switch {
			case next != no:
				if got != next || err != nil {
					t.Errorf("after %s in %s: %q, %v, want %q", e, state, got, err, next)
				}
			case err == nil:
				t.Errorf("after %s in %s: %q, want an error", e, state, got)
			case got != state:
				t.Errorf("after %s in %s, which is refused: %q", e, state, got)
			}
		}
	}
	// An unknown state allows no event.
	for _, state := range []State{"", "unknow", "Process", "domain_verify "} {
		for e := range transitions {
			if next, err := state.after(e); err == nil {
				t.Errorf("after %s in %q: %q, want an error", e, state, next)
			}
		}
	}
}

// The message names the state and all states that allow the event, always in
// the same order.
func TestTransitionMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		state State
		event event
		want  string
	}{
		{StateProcess, eventProve, "the order is in state process; proof of ownership needs an order in domain_verify"},
		{StateDomainVerify, eventIssue, "the order is in state domain_verify; issuing needs an order in process"},
		{StatePayed, eventFail, "the order is in state payed; a refusal by the CA needs an order in process"},
		{StateCertificate, eventCancel, "the order is in state certificate; CancelOrderRequest needs an order in domain_verify or process"},
		{StateRevoked, eventCancelPackage, "the order is in state revoked; CancelCertificateForPackageRequest needs an order in certificate or domain_verify or payed or process"},
		{StateProcess, eventDelete, "the order is in state process; DeleteCertificateRequest needs an order in payed or verify_fail"},
	}
	for _, tt := range tests {
		for range 10 { // the iteration order of maps varies
			_, err := tt.state.after(tt.event)
			want := &yuncert.Error{Code: yuncert.ErrOrderStateError, Parameter: "OrderId", Message: tt.want}
			if diff := cmp.Diff(error(want), err); diff != "" {
				t.Errorf("error mismatch (-want +got):\n%s", diff)
			}
		}
	}
}
