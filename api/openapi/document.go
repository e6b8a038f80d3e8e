package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var source []byte

// Document is the description in the two forms it is served in.
type Document struct {
	JSON []byte // OpenAPI 3.1
	Page []byte // HTML
}

// Load makes both forms. Cost: some milliseconds.
func Load() (Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return Document{}, fmt.Errorf("read the description of the routes: %w", err)
	}
	var plain node
	if err := root.Decode(&plain); err != nil {
		return Document{}, fmt.Errorf("read the description of the routes: %w", err)
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return Document{}, fmt.Errorf("encode the description of the routes: %w", err)
	}
	page, err := render(plain, order(&root, "paths"), order(&root, "webhooks"))
	if err != nil {
		return Document{}, fmt.Errorf("write the page of the routes: %w", err)
	}
	return Document{text, page}, nil
}

// order returns the keys of a top-level mapping as they stand, which a Go map forgets.
func order(root *yaml.Node, name string) []string {
	var keys []string
	top := root.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		if top[i].Value != name {
			continue
		}
		for j := 0; j < len(top[i+1].Content); j += 2 {
			keys = append(keys, top[i+1].Content[j].Value)
		}
	}
	return keys
}
