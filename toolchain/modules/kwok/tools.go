//go:build tools

// Package tools pins the module whose command plays the kubelet of nodes that are not there.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
