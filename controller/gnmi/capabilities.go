package gnmi

import (
	"context"
	"slices"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/model"
)

// Version is that of the gNMI specification the server keeps to.
const Version = "0.10.0"

// encodings that values are given in; JSON is JSON_IETF without the names of modules.
var encodings = []gpb.Encoding{gpb.Encoding_JSON, gpb.Encoding_JSON_IETF, gpb.Encoding_PROTO}

// models is what the tree is made of.
var models = []*gpb.ModelData{{Name: model.Module, Organization: "firstack", Version: model.Revision}}

// Capabilities implements gNMI.
func (s *Server) Capabilities(context.Context, *gpb.CapabilityRequest) (*gpb.CapabilityResponse, error) {
	return &gpb.CapabilityResponse{SupportedModels: models, SupportedEncodings: encodings, GNMIVersion: Version}, nil
}

// checkEncoding refuses encodings that values are not given in.
func checkEncoding(e gpb.Encoding) error {
	if !slices.Contains(encodings, e) {
		return status.Errorf(codes.InvalidArgument, "encoding %v is not given; there are %v", e, encodings)
	}
	return nil
}

// checkModels refuses a request that is limited to models without ours.
func checkModels(used []*gpb.ModelData) error {
	if len(used) == 0 || slices.ContainsFunc(used, func(m *gpb.ModelData) bool { return m.GetName() == model.Module }) {
		return nil
	}
	return status.Errorf(codes.InvalidArgument, "the only model here is %s", model.Module)
}
