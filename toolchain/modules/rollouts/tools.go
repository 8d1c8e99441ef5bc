//go:build tools

// Package tools pins the module whose command is built as the test cluster's controller of Argo Rollouts.
package tools

import _ "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"
