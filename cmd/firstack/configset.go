package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"github.com/spf13/cobra"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
)

func newConfigSet(at *gnmiAccess) *cobra.Command {
	var file string
	var deletes, replaces []string
	cmd := &cobra.Command{
		Use:   "set [PATH=VALUE...]",
		Short: "Change the configuration, in one transaction",
		Long: `set changes everything it names, or nothing when any of it is wrong. Values are JSON, but text needs no quotes.
Deletes come first, then replaces, then updates.`,
		Example: "  firstack config set 'services/service[name=web]/replicas/replica[name=tokyo]/config/admin-state=drain'\n" +
			"  firstack config set --delete 'services/service[name=web]/replicas/replica[name=tokyo]'\n" +
			"  firstack config set --file firstack.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := setRequest(deletes, replaces, args)
			if err != nil {
				return err
			}
			if file != "" {
				if len(req.Delete)+len(req.Replace)+len(req.Update) > 0 {
					return errors.New("--file replaces everything: give it alone")
				}
				if req, err = fileRequest(file); len(config.List(err)) > 0 {
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					return errReported
				}
				if err != nil {
					return err
				}
			} else if len(req.Delete)+len(req.Replace)+len(req.Update) == 0 {
				return errors.New("nothing to set: name PATH=VALUE, --replace, --delete or --file")
			}
			return withGNMI(cmd.Context(), at, func(ctx context.Context, c gpb.GNMIClient) error {
				_, err := c.Set(ctx, req)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "replace the whole configuration by that of a file")
	cmd.Flags().StringArrayVarP(&deletes, "delete", "d", nil, "PATH to delete; may be given more than once")
	cmd.Flags().StringArrayVarP(&replaces, "replace", "r", nil, "PATH=VALUE to replace; may be given more than once")
	return cmd
}

func setRequest(deletes, replaces, updates []string) (*gpb.SetRequest, error) {
	req := &gpb.SetRequest{}
	for _, text := range deletes {
		p, err := parsePath(text)
		if err != nil {
			return nil, err
		}
		req.Delete = append(req.Delete, p)
	}
	var err error
	if req.Replace, err = assignments(replaces); err != nil {
		return nil, err
	}
	req.Update, err = assignments(updates)
	return req, err
}

func assignments(list []string) ([]*gpb.Update, error) {
	var all []*gpb.Update
	for _, text := range list {
		path, text, ok := cutAssignment(text)
		if !ok {
			return nil, fmt.Errorf("%q is not PATH=VALUE", path)
		}
		p, err := parsePath(path)
		if err != nil {
			return nil, err
		}
		value := &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: valueOf(p, text)}}
		all = append(all, &gpb.Update{Path: p, Val: value})
	}
	return all, nil
}

// cutAssignment cuts at the first = outside of brackets, where keys have theirs.
func cutAssignment(text string) (path, value string, ok bool) {
	inKey := false
	for i, c := range text {
		switch {
		case c == '[':
			inKey = true
		case c == ']':
			inKey = false
		case c == '=' && !inKey:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// valueOf puts quotes around text that has none.
func valueOf(p *gpb.Path, text string) []byte {
	e := model.Schema()
	for _, elem := range p.GetElem() {
		if e = e.Dir[elem.GetName()]; e == nil {
			break // the server says what is wrong
		}
	}
	isText := e != nil && e.IsLeaf() && (e.Type.Kind == yang.Ystring || e.Type.Kind == yang.Yenum || e.Type.Kind == yang.Yleafref)
	if !isText && json.Valid([]byte(text)) || isText && strings.HasPrefix(text, `"`) {
		return []byte(text)
	}
	quoted, _ := json.Marshal(text) // text has JSON
	return quoted
}

// fileRequest replaces everything by what a file has.
func fileRequest(file string) (*gpb.SetRequest, error) {
	c, given, err := config.LoadGiven(file)
	if err != nil {
		return nil, err
	}
	tree, err := model.Encode(model.FromConfig(c, given))
	if err != nil {
		return nil, err
	}
	value := &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: tree}}
	return &gpb.SetRequest{Replace: []*gpb.Update{{Path: &gpb.Path{}, Val: value}}}, nil
}
