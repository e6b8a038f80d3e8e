// Package openapi describes the routes of package api, for programs and for people:
// one description, openapi.yaml, served as OpenAPI 3.1 in JSON and as a page of HTML
// that loads nothing. Tests of package api hold it against the routes, and every answer
// that those tests get against it.
package openapi
