// Package tlsfiles keeps TLS material that lies in PEM files: authorities, a certificate and its key. The files are
// looked at whenever a connection is made, so renewed ones are used from the next connection on and connections that
// stand are left alone. Files that can't be used are logged, and what was read before stays in use.
//
// Controller and switches use it on either side of P4Runtime and gNMI. It knows neither.
package tlsfiles
