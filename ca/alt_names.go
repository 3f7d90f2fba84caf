package ca

import (
	"net/url"

	"github.com/yuncert/yuncert/internal/x509der"
)

// altNames are the alternative names of a certificate (RFC 5280, section
// 4.2.1.6).
type altNames struct {
	all    []string // DNS names and IP addresses, canonical, each once
	groups [3]nameGroup
	// Only the parameter of the group fromList has names of these kinds.
	emails []string
	uris   []*url.URL
}

// A nameGroup is a part of altNames.all: the names that come from one parameter.
type nameGroup struct {
	parameter string
	names     []string
}

// The groups, in the order of the names.
const (
	fromCommonName = iota
	fromCSR
	fromList // Domain, SanValue or SubjectAlternativeNames
)

// add appends the names that are not there yet, as the group at an index.
func (n *altNames) add(group int, parameter string, names ...string) {
	before := len(n.all)
	n.all = x509der.AppendNames(n.all, names...)
	n.groups[group] = nameGroup{parameter, n.all[before:]}
}

// total is the number of names of all kinds.
func (n *altNames) total() int { return len(n.all) + len(n.emails) + len(n.uris) }
