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
	const refused = "refused"
	want := map[event]map[State]State{
		eventMiss: {
			StateDomainVerify: StateDomainVerify, StateProcess: refused, StateVerifyFail: refused, StateCertificate: refused, StatePayed: refused,
		},
		eventProve: {
			StateDomainVerify: StateProcess, StateProcess: refused, StateVerifyFail: refused, StateCertificate: refused, StatePayed: refused,
		},
		eventIssue: {
			StateDomainVerify: refused, StateProcess: StateCertificate, StateVerifyFail: refused, StateCertificate: refused, StatePayed: refused,
		},
		eventFail: {
			StateDomainVerify: refused, StateProcess: StateVerifyFail, StateVerifyFail: refused, StateCertificate: refused, StatePayed: refused,
		},
		eventCancel: {
			StateDomainVerify: StatePayed, StateProcess: StatePayed, StateVerifyFail: refused, StateCertificate: refused, StatePayed: refused,
		},
		eventDelete: {
			StateDomainVerify: refused, StateProcess: refused, StateVerifyFail: deleted, StateCertificate: refused, StatePayed: deleted,
		},
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(transitions))); diff != "" {
		t.Errorf("events mismatch (-want +got):\n%s", diff)
	}
	for e, states := range want {
		for state, next := range states {
			got, err := state.after(e)
			switch {
			case next != refused:
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
