// Package memstore has what the stores in memory share.
package memstore

import (
	"context"
	"slices"
)

// An Undo reverts the writes of a transaction that fails. Its zero value is ready to
// use.
type Undo struct {
	steps []func()
}

// Add is called after each write. step reverts it.
func (u *Undo) Add(step func()) { u.steps = append(u.steps, step) }

// Run runs f. It reverts the writes, the last one first, if f returns an error, panics
// or ends its goroutine, or if ctx ends before f does. It returns an error of f as it
// is. If ctx has ended already, f does not run.
func (u *Undo) Run(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			for _, step := range slices.Backward(u.steps) {
				step()
			}
		}
	}()
	if err := f(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	committed = true
	return nil
}

// Set sets the value of a key in a map, and adds how to revert that.
func Set[K comparable, V any](u *Undo, m map[K]V, key K, value V) {
	before, found := m[key]
	m[key] = value
	u.Add(func() {
		if found {
			m[key] = before
		} else {
			delete(m, key)
		}
	})
}
