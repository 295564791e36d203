package gnmi_test

func serveChild() bool { return false }
