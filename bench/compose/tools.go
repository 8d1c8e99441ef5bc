//go:build tools

// Package tools pins Docker Compose, which the bench builds to measure against.
package tools

import _ "github.com/docker/compose/v5/cmd"
