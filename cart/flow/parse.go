package flow

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Mistake is one thing that is wrong with configured flows.
type Mistake struct {
	Line    int    // of the text, from 1
	Pointer string // JSON pointer to the place, from the list of flows on
	Problem string
}

// Mistakes is everything that is wrong with configured flows.
type Mistakes []Mistake

// Error lists the mistakes, a line each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = fmt.Sprintf("line %d: flows%s: %s", one.Line, one.Pointer, one.Problem)
	}
	return strings.Join(lines, "\n")
}

// Parse returns the flows of a text in YAML or JSON: a list, or a mapping in which
// it stands under “flows” (other keys are then the business of others). The error is
// [Mistakes], unless the text is neither.
func Parse(text []byte) ([]Flow, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read flows: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, Mistakes{{1, "", "there is nothing: expected a list of flows"}}
	}
	node := document.Content[0]
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == "flows" {
				return ParseNode(node.Content[i+1])
			}
		}
		return nil, Mistakes{{node.Line, "", "there is no key “flows”"}}
	}
	return ParseNode(node)
}

// maximumFlows and maximumSteps bound what one decision looks at.
const (
	maximumFlows = 50
	maximumSteps = 20
)

// ParseNode is [Parse] of a list that was read already, as a part of a file. No list at all
// (null) is an empty one.
func ParseNode(list *yaml.Node) ([]Flow, error) {
	r := &reader{}
	flows := []Flow{}
	for i, node := range r.items(list, "") {
		f := r.flow(node, "/"+strconv.Itoa(i))
		if slices.ContainsFunc(flows, func(other Flow) bool { return other.Name == f.Name }) && f.Name != "" {
			r.wrong(node, "/"+strconv.Itoa(i)+"/name", "there are two flows of this name")
		}
		flows = append(flows, f)
	}
	if len(flows) > maximumFlows {
		r.wrong(list, "", fmt.Sprintf("at most %d flows, here are %d", maximumFlows, len(flows)))
	}
	if len(r.mistakes) > 0 {
		return nil, r.mistakes
	}
	return flows, nil
}

// A reader collects what is wrong.
type reader struct{ mistakes Mistakes }

func (r *reader) wrong(node *yaml.Node, pointer, problem string) {
	r.mistakes = append(r.mistakes, Mistake{node.Line, pointer, problem})
}

// A field is what a key of a mapping may be: read takes its value.
type field struct {
	key      string
	required bool
	read     func(node *yaml.Node, pointer string)
}

// mapping reads a mapping by its fields, and refuses keys that are none, or stand twice.
func (r *reader) mapping(node *yaml.Node, pointer string, fields ...field) {
	if node.Kind != yaml.MappingNode {
		r.wrong(node, pointer, "expected keys with values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := pointer + "/" + key.Value
		j := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		switch {
		case j < 0:
			r.wrong(key, at, "there is no key "+strconv.Quote(key.Value)+"; there are "+keysOf(fields))
		case seen[key.Value]:
			r.wrong(key, at, "stands here twice")
		default:
			seen[key.Value] = true
			fields[j].read(value, at)
		}
	}
	for _, f := range fields {
		if f.required && !seen[f.key] {
			r.wrong(node, pointer, f.key+" is missing")
		}
	}
}

func keysOf(fields []field) string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return strings.Join(keys, ", ")
}

// items returns what is on a list; none of null.
func (r *reader) items(node *yaml.Node, pointer string) []*yaml.Node {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		r.wrong(node, pointer, "expected a list")
		return nil
	}
	return node.Content
}

// maximumText bounds names and the values of conditions.
const maximumText = 200

// text reads a text that parse takes.
func (r *reader) text(into *string, allowed ...string) func(*yaml.Node, string) {
	return func(node *yaml.Node, pointer string) {
		switch {
		case node.Kind != yaml.ScalarNode || node.Tag == "!!null":
			r.wrong(node, pointer, "expected a text")
		case len(node.Value) > maximumText || strings.ContainsFunc(node.Value, unicode.IsControl):
			r.wrong(node, pointer, fmt.Sprintf("expected a text of at most %d bytes, without control characters", maximumText))
		case len(allowed) > 0 && !slices.Contains(allowed, node.Value):
			r.wrong(node, pointer, strconv.Quote(node.Value)+" is none of "+strings.Join(allowed, ", "))
		default:
			*into = node.Value
		}
	}
}

// number reads a whole number between two bounds.
func (r *reader) number(into *int64, low, high int64) func(*yaml.Node, string) {
	return func(node *yaml.Node, pointer string) {
		n, err := strconv.ParseInt(node.Value, 10, 64)
		if node.Kind != yaml.ScalarNode || err != nil || n < low || n > high {
			r.wrong(node, pointer, fmt.Sprintf("expected a whole number from %d to %d", low, high))
			return
		}
		*into = n
	}
}

// parsed reads a text that parse makes something of.
func parsed[T any](r *reader, into *T, parse func(string) (T, error)) func(*yaml.Node, string) {
	return func(node *yaml.Node, pointer string) {
		v, err := parse(node.Value)
		if node.Kind != yaml.ScalarNode {
			err = errors.New("expected one value")
		}
		if err != nil {
			r.wrong(node, pointer, err.Error())
			return
		}
		*into = v
	}
}
