package openapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
)

//go:embed page.html
var pageTemplate string

// A renderer writes the page of a description.
type renderer struct {
	root node
	err  error
}

// render returns the page of a description, its operations in the order given.
func render(root node, paths, hooks []string) ([]byte, error) {
	r := &renderer{root: root}
	info := r.child(root, "info")
	page := reference{
		Title: text(info, "title"), Summary: text(info, "summary"), Introduction: r.markdown(text(info, "description")),
	}
	for _, tag := range list(root, "tags") {
		page.Sections = append(page.Sections, section{Name: text(tag, "name"), Description: text(tag, "description")})
	}
	r.operations(page.Sections, "paths", paths)
	r.operations(page.Sections, "webhooks", hooks)
	named := r.child(r.child(root, "components"), "schemas")
	for _, name := range slices.Sorted(maps.Keys(named)) {
		s := r.schema(r.child(named, name))
		s.Name = name
		page.Schemas = append(page.Schemas, *s)
	}
	var out bytes.Buffer
	if err := template.Must(template.New("docs").Parse(pageTemplate)).Execute(&out, page); err != nil {
		return nil, err
	}
	return out.Bytes(), r.err
}

// operations puts the operations of paths, or webhooks, into the sections of their tags.
func (r *renderer) operations(sections []section, where string, names []string) {
	for _, name := range names {
		item := r.child(r.child(r.root, where), name)
		for _, method := range []string{"get", "put", "post", "patch", "delete"} {
			o := r.child(item, method)
			if o == nil {
				continue
			}
			shown := r.operation(o, list(item, "parameters"))
			shown.Method, shown.Path = strings.ToUpper(method), name
			if where == "webhooks" {
				shown.Method, shown.Key = "webhook", "sent to your endpoint, signed"
			}
			tag := fmt.Sprint(o["tags"].([]any)[0])
			i := slices.IndexFunc(sections, func(s section) bool { return s.Name == tag })
			if i < 0 {
				r.fail("operation %s has the unknown tag %s", shown.ID, tag)
				continue
			}
			sections[i].Operations = append(sections[i].Operations, shown)
		}
	}
}

func (r *renderer) operation(o node, shared []node) operation {
	shown := operation{
		ID: text(o, "operationId"), Summary: text(o, "summary"), Description: r.markdown(text(o, "description")), Key: keyOf(o),
	}
	for _, p := range append(slices.Clone(shared), list(o, "parameters")...) {
		p = r.resolve(p)
		required, _ := p["required"].(bool)
		shown.Parameters = append(shown.Parameters, field{
			Name: text(p, "name"), Place: text(p, "in"), Type: r.kind(r.child(p, "schema")), Required: required,
			Description: r.markdown(text(p, "description")),
		})
	}
	if body := r.resolve(r.child(o, "requestBody")); body != nil {
		content := r.child(r.child(body, "content"), "application/json")
		shown.Body = r.schema(r.child(content, "schema"))
		shown.Example = indented(content["example"])
	}
	answers := r.child(o, "responses")
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		answer := r.resolve(r.child(answers, status))
		shown.Answers = append(shown.Answers, response{Status: status, Description: text(answer, "description"), Body: r.content(answer)})
	}
	return shown
}

// content returns the shape of an answer's JSON, nil when it is something else.
func (r *renderer) content(answer node) *schema {
	s := r.child(r.child(r.child(answer, "content"), "application/json"), "schema")
	if s == nil {
		return nil
	}
	return r.schema(s)
}

// schema returns the shape that a schema describes. A page of a list shows what its
// rows are.
func (r *renderer) schema(s node) *schema {
	shown := &schema{Type: r.kind(s), Link: link(s), Description: r.markdown(text(s, "description"))}
	if shown.Link != "" {
		return shown
	}
	required, properties := r.parts(s)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p := r.child(properties, name)
		shown.Fields = append(shown.Fields, field{
			Name: name, Type: r.kind(p), Link: target(p), Required: slices.Contains(required, any(name)),
			Description: r.markdown(text(p, "description")),
		})
	}
	return shown
}

// parts returns the properties of a schema with those of what it extends, and the
// names of the required ones.
func (r *renderer) parts(s node) (required []any, properties node) {
	properties = node{}
	for _, base := range list(s, "allOf") {
		also, inherited := r.parts(r.resolve(base))
		required = append(required, also...)
		maps.Copy(properties, inherited)
	}
	own, _ := s["required"].([]any)
	maps.Copy(properties, r.child(s, "properties"))
	return append(required, own...), properties
}

// kind is a schema's type in words.
func (r *renderer) kind(s node) string {
	switch {
	case s == nil:
		return ""
	case s["$ref"] != nil:
		return nameOf(s)
	case s["const"] != nil:
		if word, ok := s["const"].(string); ok {
			return fmt.Sprintf("%q", word)
		}
		return fmt.Sprint(s["const"])
	case s["enum"] != nil:
		return joined(s["enum"].([]any), " | ")
	case s["oneOf"] != nil:
		var kinds []string
		for _, one := range list(s, "oneOf") {
			kinds = append(kinds, r.kind(one))
		}
		return strings.Join(kinds, " or ")
	case s["items"] != nil:
		return "list of " + r.kind(r.child(s, "items"))
	}
	if kinds, several := s["type"].([]any); several {
		return joined(kinds, " or ")
	}
	return text(s, "type")
}

func joined(values []any, between string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, between)
}

// resolve follows a reference to a component.
func (r *renderer) resolve(n node) node {
	ref := text(n, "$ref")
	if ref == "" {
		return n
	}
	found := r.root
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		found = r.child(found, part)
	}
	if found == nil {
		r.fail("%s leads nowhere", ref)
	}
	return found
}

func (r *renderer) fail(format string, values ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, values...)
	}
}

func (r *renderer) markdown(source string) template.HTML {
	var out bytes.Buffer
	if err := goldmark.Convert([]byte(source), &out); err != nil {
		r.fail("render %q: %v", source, err)
	}
	return template.HTML(out.String()) // the source is embedded in the program
}

func (r *renderer) child(n node, name string) node {
	child, _ := n[name].(node)
	return child
}
