// Package lab starts networks for tests: a topology with everything in it running in this process (package live),
// under the eyes of a witness, which makes the test fail when it saw what must not be.
package lab
