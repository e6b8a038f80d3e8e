package openapi

import (
	"encoding/json"
	"html/template"
	"slices"
	"strings"
)

// A reference is what the page of the routes shows.
type reference struct {
	Title, Summary string
	Introduction   template.HTML
	Sections       []section
	Schemas        []schema
}

// A section is the operations of one tag.
type section struct {
	Name, Description string
	Operations        []operation
}

// An operation is one method of a route, or a webhook.
type operation struct {
	ID, Method, Path, Summary string
	Description               template.HTML
	Key                       string // who may call, in words
	Parameters                []field
	Body                      *schema
	Example                   string
	Answers                   []response
}

// A response is one possible answer.
type response struct {
	Status, Description string
	Body                *schema
}

// A schema is the shape of a JSON value: a type in words, or a table of fields.
type schema struct {
	Name, Type  string
	Link        string // of a named schema: its place on the page
	Description template.HTML
	Fields      []field
}

// A field is one name in a schema, or a parameter.
type field struct {
	Name, Place, Type string
	Link              string
	Required          bool
	Description       template.HTML
}

// node is a part of the description.
type node = map[string]any

// keyOf says who may call an operation.
func keyOf(o node) string {
	ways, limited := o["security"].([]any)
	switch {
	case !limited:
		return "secret key"
	case len(ways) == 0:
		return "no key"
	case len(ways[0].(node)) == 0:
		return "see below"
	case slices.ContainsFunc(ways, func(way any) bool { return way.(node)["secretKey"] == nil && way.(node)["secretKeyBasic"] == nil }):
		return "write key or secret key"
	}
	return "secret key"
}

// link is the place of a schema that has a name.
func link(s node) string {
	if s["$ref"] == nil {
		return ""
	}
	return "#" + nameOf(s)
}

// target is the place of the schema that a field leads to, its rows' for a list.
func target(s node) string {
	if items, ok := s["items"].(node); ok {
		return target(items)
	}
	for _, one := range list(s, "oneOf") {
		if at := link(one); at != "" {
			return at
		}
	}
	return link(s)
}

func nameOf(s node) string {
	ref := text(s, "$ref")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

func text(n node, name string) string {
	value, _ := n[name].(string)
	return value
}

func list(n node, name string) []node {
	values, _ := n[name].([]any)
	var nodes []node
	for _, v := range values {
		if child, ok := v.(node); ok {
			nodes = append(nodes, child)
		}
	}
	return nodes
}

// indented is an example as JSON, "" for none.
func indented(example any) string {
	if example == nil {
		return ""
	}
	out, err := json.MarshalIndent(example, "", "  ")
	if err != nil {
		return ""
	}
	return string(out)
}
