package memstore_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/memstore"
)

func TestRun(t *testing.T) {
	t.Parallel()
	errF := errors.New("an error of f")
	for _, tt := range []struct {
		name string
		end  func(cancel func()) error // what f does after its writes
		want error
		kept bool
	}{
		{"success", func(func()) error { return nil }, nil, true},
		{"an error", func(func()) error { return errF }, errF, false},
		{"ctx ends", func(cancel func()) error { cancel(); return nil }, context.Canceled, false},
		{"a panic", func(func()) error { panic("a panic of f") }, nil, false},
		{"the goroutine ends", func(func()) error { runtime.Goexit(); return nil }, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			before := map[string]int{"old": 1}
			after := map[string]int{"old": 3, "new": 4}
			m := map[string]int{"old": 1}
			var err error
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				defer func() { recover() }()
				var u memstore.Undo
				err = u.Run(ctx, func() error {
					for _, value := range []int{2, 3} { // reverted in the opposite order
						memstore.Set(&u, m, "old", value)
					}
					memstore.Set(&u, m, "new", 4)
					return tt.end(cancel)
				})
			}()
			<-ended
			if err != tt.want {
				t.Errorf("Run is %v, want %v itself", err, tt.want)
			}
			want := before
			if tt.kept {
				want = after
			}
			if diff := cmp.Diff(want, m); diff != "" {
				t.Errorf("map mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var u memstore.Undo
	err := u.Run(ctx, func() error {
		t.Error("f runs")
		return nil
	})
	if err != context.Canceled {
		t.Errorf("Run is %v, want %v", err, context.Canceled)
	}
}
