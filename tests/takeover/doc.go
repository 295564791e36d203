// Package takeover kills controllers that share an etcd, under load: connections run on, another controller is primary
// soon, and the switches' logs show that never two of them write.
package takeover
