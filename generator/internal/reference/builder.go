package reference

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/argocd"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/workload"
)

// lists are the files that say who builds what, in the order of docs/architecture.md.
var lists = []string{
	"generator/workload/guardrails.go",
	"generator/workload/models.go",
	"generator/workload/platform.go",
}

// Builder is a function that makes objects of a kind.
type Builder struct {
	Name string // serving.Deployment
	File string // in the repository
}

// line is a line of a list: a builder and the file of the base it is for; for Argo CD's
// objects, which have no list, a function and any file.
type line struct {
	base, result string // the result's type, without its package
	Builder
}

// builders finds, for each kind of object of a fleet, the functions that make it: those
// that return its Go type, in a list's line for its file.
func builders(repository fs.FS, f *fleet.Fleet) (map[Kind][]Builder, error) {
	lines, err := allLines(repository)
	if err != nil {
		return nil, err
	}
	out := map[Kind][]Builder{}
	note := func(file string, value any) error {
		o, err := manifest.From(value)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		k, made := Kind{o.APIVersion, o.Kind}, reflect.TypeOf(value).Elem().Name()
		for _, l := range lines {
			if l.result == made && (l.base == "" || l.base == path.Base(file)) && !slices.Contains(out[k], l.Builder) {
				out[k] = append(out[k], l.Builder)
			}
		}
		return nil
	}
	for p := range f.Placements() {
		for _, o := range slices.Concat(workload.Guardrails(p), workload.Models(p)) {
			if err := note(o.File, o.Value); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range f.Clusters() {
		for _, o := range workload.Platform(c, f) {
			if err := note(o.File, o.Value); err != nil {
				return nil, err
			}
		}
	}
	hub := slices.Concat(argocd.Bootstrap(f), argocd.Platform(f))
	for _, t := range f.Tenants {
		hub = append(hub, argocd.Tenant(f, t)...)
	}
	for _, o := range hub {
		if err := note(o.File, o.Value); err != nil {
			return nil, err
		}
	}
	for k := range out {
		slices.SortFunc(out[k], func(a, b Builder) int { return strings.Compare(a.File+a.Name, b.File+b.Name) })
	}
	return out, nil
}

func allLines(repository fs.FS) ([]line, error) {
	var out []line
	for _, list := range lists {
		more, err := linesOf(repository, list)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	functions, err := functionsOf(repository, "generator/argocd")
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		out = append(out, line{result: functions[name].result, Builder: Builder{"argocd." + name, functions[name].file}})
	}
	return out, err
}

// linesOf reads the lines object.At("file.yaml", package.Builder(…)) of a list.
func linesOf(repository fs.FS, list string) ([]line, error) {
	file, err := parseGo(repository, list)
	if err != nil {
		return nil, err
	}
	var out []line
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || err != nil || len(call.Args) < 2 || called(call) != "object.At" {
			return true
		}
		base, isText := call.Args[0].(*ast.BasicLit)
		builder, isCall := call.Args[1].(*ast.CallExpr)
		if !isText || !isCall {
			return true
		}
		of, name, _ := strings.Cut(called(builder), ".")
		var functions map[string]function
		if functions, err = functionsOf(repository, path.Join("generator/workload", of)); err != nil {
			return false
		}
		text, _ := strconv.Unquote(base.Value) // it was parsed as a string
		out = append(out, line{text, functions[name].result, Builder{of + "." + name, functions[name].file}})
		return true
	})
	return out, err
}

// called is the function that a call names, such as "serving.Deployment".
func called(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		if of, ok := f.X.(*ast.Ident); ok {
			return of.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// function is a function's file and the name of the type that it returns a pointer to,
// or a list of pointers.
type function struct{ file, result string }

func functionsOf(repository fs.FS, dir string) (map[string]function, error) {
	files, err := fs.Glob(repository, dir+"/*.go")
	if err != nil {
		return nil, fmt.Errorf("listing the builders of %s: %w", dir, err)
	}
	out := map[string]function{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parseGo(repository, name)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Recv == nil && f.Type.Results != nil && len(f.Type.Results.List) == 1 {
				out[f.Name.Name] = function{name, resultOf(f.Type.Results.List[0].Type)}
			}
		}
	}
	return out, nil
}

func resultOf(x ast.Expr) string {
	if list, ok := x.(*ast.ArrayType); ok {
		x = list.Elt
	}
	pointer, ok := x.(*ast.StarExpr)
	if !ok {
		return ""
	}
	switch x := pointer.X.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

func parseGo(repository fs.FS, name string) (*ast.File, error) {
	src, err := fs.ReadFile(repository, name)
	if err != nil {
		return nil, fmt.Errorf("looking for builders: %w", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("looking for builders: %w", err)
	}
	return file, nil
}
