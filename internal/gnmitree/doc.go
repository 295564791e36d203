// Package gnmitree is what gNMI servers have in common that serve a tree of leaves: paths and patterns (gNMI
// specification 0.10, section 2.4.1), leaves by the text of their paths, and Subscribe in all its modes.
//
// A server is a Tree, which gives snapshots of its leaves and tells of changes. Nothing is kept but what each subscriber
// was sent, so that it hears of what changed and of what is gone. What a path means, and what values are, is the
// tree's own business.
package gnmitree
