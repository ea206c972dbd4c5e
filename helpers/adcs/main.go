// openndes-adcs issues and revokes certificates at an AD CS enterprise CA for the `command` of openndes: one order as JSON on standard
// input, one answer on standard output (docs/command-issuer.md). It has no arguments; docs/adcs.md has its environment.
package main

import (
	"context"
	"io"
	"os"
	"time"
)

// The server ends it earlier when its own limit is shorter.
const timeLimit = 50 * time.Second

// 1 MiB: a certification request is a few kilobytes.
const mostOrder = 1 << 20

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	octets, err := io.ReadAll(io.LimitReader(os.Stdin, mostOrder))
	answer := Answer{}
	if err == nil {
		answer = handle(ctx, octets, os.Getenv)
	} else {
		answer = failed(fault("invalid", "the order cannot be read"))
	}
	os.Stdout.Write(answer.JSON())
	os.Exit(answer.exitCode())
}

// handle never fails: what is wrong is an answer.
func handle(ctx context.Context, octets []byte, env func(string) string) Answer {
	order, err := readOrder(octets)
	if err != nil {
		return failed(err)
	}
	settings, err := readSettings(env, order)
	if err != nil {
		return failed(err)
	}
	answer, err := operations[order.Operation](ctx, settings, order)
	if err != nil {
		return failed(err)
	}
	return answer
}

var operations = map[string]func(context.Context, Settings, Order) (Answer, error){
	"issue":   issue,
	"poll":    poll,
	"revoke":  revoke,
	"release": release,
	"check":   check,
}
