package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the import path of the project's root, which is two folders up.
const (
	module = "cartwright"
	root   = "../.."
)

// allowed says which of our folders a folder may import, its subfolders
// included, and why not others. The longest matching prefix holds.
var allowed = []struct {
	folder  string
	imports []string
	reason  string
}{
	{"sessions/database", nil, "plumbing knows nothing of what flows through it"},
	{"sessions/enrich", nil, "what a request tells of its sender follows from the request alone"},
	{"sessions/wire", []string{"sessions"}, "shapes of input become events and nothing more: no other subfolder, no database"},
	{"sessions", []string{"sessions/database"}, "the log is below everything; who reads it is not its business"},
	{"cart/flow", []string{"sessions"}, "what is configured is read and told, and decides nothing"},
	{"cart", []string{"cart/flow", "sessions", "sessions/database"}, "carts are a projection of the log; they recommend nothing"},
	{"recommend/evaluate", []string{"recommend"}, "what is measured are lists after lists of items, whatever they came from"},
	{"recommend", []string{"sessions", "sessions/database"}, "the index follows the log; carts are told to it by functions"},
	{"jobs", []string{"cart", "recommend", "sessions", "jobs"}, "jobs wake what others decide; they answer no requests"},
	{"api", []string{"cart", "recommend", "sessions", "api"}, "handlers decode, call one thing and answer; they run no jobs"},
	{"fixtures", []string{"sessions", "cart", "recommend", "fixtures"}, "samples and test databases know what they load into, nothing above"},
	{"cmd/cartwright", []string{"api", "cart", "fixtures", "jobs", "recommend", "sessions"}, "the edge joins everything"},
}

// sourceFile is one Go file of the project.
type sourceFile struct {
	path   string // from the root
	folder string
	test   bool
	lines  int
	set    *token.FileSet
	ast    *ast.File
}

func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		files = append(files, sourceFile{
			path: filepath.ToSlash(name), folder: filepath.ToSlash(filepath.Dir(name)),
			test: strings.HasSuffix(name, "_test.go"), lines: strings.Count(string(text), "\n"), set: set, ast: tree,
		})
		return err
	})
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	return files
}

func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

func TestImports(t *testing.T) {
	for _, file := range sourceFiles(t) {
		if file.test {
			continue // tests may use fixtures, and what they compare with
		}
		rule := slices.IndexFunc(allowed, func(r struct {
			folder  string
			imports []string
			reason  string
		}) bool {
			return within(file.folder, r.folder)
		})
		if rule < 0 {
			t.Errorf("%s: no rule says what the folder %s may import; add one with its reason", file.path, file.folder)
			continue
		}
		for _, spec := range file.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, isOurs := strings.CutPrefix(path, module+"/")
			if !isOurs || permits(allowed[rule].imports, file.folder, ours) {
				continue
			}
			t.Errorf("%s imports %s, which %s may not: %s", file.path, ours, allowed[rule].folder, allowed[rule].reason)
		}
	}
}

// permits reports whether a folder with these imports may import another.
// Subfolders of sessions are named one by one, because they know nothing of each
// other; elsewhere a folder's name includes its subfolders.
func permits(imports []string, folder, wanted string) bool {
	belowSessions := within(folder, "sessions") || folder == "cart" || folder == "recommend"
	for _, allowed := range imports {
		if wanted == allowed || !belowSessions && within(wanted, allowed) {
			return true
		}
	}
	return false
}

func TestTopLevelFolders(t *testing.T) {
	known := []string{"cmd", "cart", "recommend", "sessions", "jobs", "api", "fixtures"}
	for _, file := range sourceFiles(t) {
		if top, _, _ := strings.Cut(file.path, "/"); !slices.Contains(known, top) {
			t.Errorf("%s: code stands in the folders %v only", file.path, known)
		}
	}
}

// longFunctions are over 80 lines, each for its reason.
var longFunctions = map[string]string{}

// longFiles are over 300 lines, each for its reason.
var longFiles = map[string]string{}

func TestLengths(t *testing.T) {
	for _, file := range sourceFiles(t) {
		if _, excused := longFiles[file.path]; file.lines > 300 && !excused {
			t.Errorf("%s has %d lines: over 300 only with a reason in longFiles", file.path, file.lines)
		}
		for _, declaration := range file.ast.Decls {
			f, isFunc := declaration.(*ast.FuncDecl)
			if !isFunc {
				continue
			}
			lines := file.set.Position(f.End()).Line - file.set.Position(f.Pos()).Line + 1
			if _, excused := longFunctions[file.path+" "+f.Name.Name]; lines > 80 && !excused {
				t.Errorf("%s: %s has %d lines: over 80 only with a reason in longFunctions", file.path, f.Name.Name, lines)
			}
			if f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s has an init: nothing happens before main says so", file.path)
			}
		}
	}
}

func TestNames(t *testing.T) {
	empty := []string{"manager", "service", "helper", "util", "utils", "common", "base", "impl"}
	for _, file := range sourceFiles(t) {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file.path), ".go"), "_test")
		if slices.Contains(empty, name) {
			t.Errorf("%s: a file is named for a noun of the domain or the verb of a job", file.path)
		}
	}
}

func TestDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, file := range sourceFiles(t) {
		if file.test {
			continue
		}
		documented[file.folder] = documented[file.folder] || filepath.Base(file.path) == "doc.go" && file.ast.Doc != nil
		for _, declaration := range file.ast.Decls {
			for _, name := range undocumented(declaration) {
				t.Errorf("%s: %s is exported and has no doc comment", file.path, name)
			}
		}
	}
	for folder, has := range documented {
		if !has {
			t.Errorf("%s has no doc.go with a package comment", folder)
		}
	}
}

// undocumented returns the exported names that a declaration leaves without a
// comment.
func undocumented(declaration ast.Decl) []string {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || receiverExported(d.Recv)) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
						names = append(names, name.Name)
					}
				}
			}
		}
		return names
	}
	return nil
}

func receiverExported(fields *ast.FieldList) bool {
	kind := fields.List[0].Type
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	if generic, ok := kind.(*ast.IndexExpr); ok {
		kind = generic.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}
