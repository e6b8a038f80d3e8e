package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// takesMapping marks a list setting whose texts are “name=value value”, which a file may
// also give as a mapping of names to lists.
const takesMapping = "takes a mapping"

// fileValue is a setting as the file gives it, one text or several.
type fileValue struct {
	values  []string
	list    bool
	mapping bool
	line    int
	node    *yaml.Node
}

// nodeValue is a setting that a file gives as a part of itself, and not as text.
type nodeValue interface{ SetNode(*yaml.Node) error }

// readFile returns the settings of a configuration file by name, and what is
// wrong with it. An optional file may be missing.
func readFile(name string, optional bool) (map[string]fileValue, []error) {
	text, err := os.ReadFile(name)
	if optional && errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("read the configuration: %w", err)}
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, []error{fmt.Errorf("%s: %w", name, err)}
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, []error{fmt.Errorf("%s:%d: expected settings, one a line: “key: value”", name, root.Line)}
	}
	return readSettings(name, root)
}

func readSettings(file string, root *yaml.Node) (map[string]fileValue, []error) {
	settings, known := map[string]fileValue{}, allSettings()
	var errs []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, node := root.Content[i], root.Content[i+1]
		if known[key.Value] == nil {
			errs = append(errs, fmt.Errorf("%s:%d: there is no setting %q%s", file, key.Line, key.Value, suggestion(key.Value)))
			continue
		}
		value := fileValue{line: key.Line, node: node, list: node.Kind == yaml.SequenceNode, mapping: node.Kind == yaml.MappingNode && known[key.Value].Annotations != nil}
		if _, whole := known[key.Value].Value.(nodeValue); whole {
			value.values = nil
		} else if value.mapping {
			for j := 0; j+1 < len(node.Content); j += 2 {
				texts, wrong := readTexts(file, key.Value, node.Content[j+1])
				errs = append(errs, wrong...)
				value.values = append(value.values, node.Content[j].Value+"="+strings.Join(texts, " "))
			}
		} else {
			texts, wrong := readTexts(file, key.Value, node)
			errs = append(errs, wrong...)
			value.values = texts
		}
		if _, twice := settings[key.Value]; twice {
			errs = append(errs, fmt.Errorf("%s:%d: %s is set twice", file, key.Line, key.Value))
		}
		settings[key.Value] = value
	}
	return settings, errs
}

// readTexts returns the text that a node is, or the texts of the list that it is.
func readTexts(file, key string, node *yaml.Node) (texts []string, errs []error) {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			errs = append(errs, fmt.Errorf("%s:%d: %s: expected a value or a list of values", file, item.Line, key))
			continue
		}
		texts = append(texts, item.Value)
	}
	return texts, errs
}

func setFromFile(f *pflag.Flag, value fileValue) error {
	if whole, ok := f.Value.(nodeValue); ok {
		return whole.SetNode(value.node)
	}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.Replace(value.values)
	}
	if value.list || len(value.values) != 1 {
		return errors.New("expected one value, not a list")
	}
	return f.Value.Set(value.values[0])
}
