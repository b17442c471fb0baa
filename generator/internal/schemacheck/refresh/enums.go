package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// addEnums writes into the schemas the enums that Kubernetes knows of its types
// but leaves out of the documents in its repository. (A running API server
// publishes them, feature gate OpenAPIEnums; the committed documents are written
// with that gate off.) The generated Go source of the same documents has them:
//
//	func schema_k8sio_api_core_v1_Container(…) … {
//		… Properties: map[string]spec.Schema{
//			"imagePullPolicy": { SchemaProps: spec.SchemaProps{ … Enum: []interface{}{"Always", …} …
//
// The enum of an array or a map belongs to its elements.
func addEnums(source []byte, schemas map[string]map[string]any) error {
	file, err := parser.ParseFile(token.NewFileSet(), "openapi.go", source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	added := 0
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		// schema_k8sio_api_core_v1_Container describes io.k8s.api.core.v1.Container.
		name, ok := strings.CutPrefix(fn.Name.Name, "schema_k8sio_api_")
		if !ok {
			continue
		}
		schema, ok := schemas["io.k8s.api."+strings.ReplaceAll(name, "_", ".")]
		if !ok {
			continue
		}
		n, err := enumsOf(fn, schema)
		if err != nil {
			return fmt.Errorf("%s: %w", fn.Name.Name, err)
		}
		added += n
	}
	// Far fewer would mean that the generated source has changed its form.
	if added < 60 {
		return fmt.Errorf("only %d enums found", added)
	}
	return nil
}

// enumsOf adds to schema the enums of the fields that fn describes, and says how many.
func enumsOf(fn *ast.FuncDecl, schema map[string]any) (int, error) {
	properties, _ := schema["properties"].(map[string]any)
	var field string
	added := 0
	var failed error
	// Pre-order: the key of the map of properties comes before the enum it holds.
	ast.Inspect(fn, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok || failed != nil {
			return failed == nil
		}
		if key, ok := pair.Key.(*ast.BasicLit); ok && key.Kind == token.STRING {
			if name, err := strconv.Unquote(key.Value); err == nil && properties[name] != nil {
				field = name
			}
		}
		if key, ok := pair.Key.(*ast.Ident); !ok || key.Name != "Enum" {
			return true
		}
		failed = setEnum(properties[field], pair.Value)
		if failed != nil {
			failed = fmt.Errorf("field %q: %w", field, failed)
		}
		added++
		return false
	})
	return added, failed
}

// setEnum writes the strings of a composite literal as the enum of a field, or of its elements.
func setEnum(field any, value ast.Expr) error {
	schema, ok := field.(map[string]any)
	if !ok {
		return fmt.Errorf("the published document does not have it")
	}
	for _, element := range []string{"items", "additionalProperties"} {
		if inner, ok := schema[element].(map[string]any); ok {
			schema = inner
		}
	}
	if schema["type"] != "string" {
		return fmt.Errorf("an enum of type %v", schema["type"])
	}
	list, ok := value.(*ast.CompositeLit)
	if !ok {
		return fmt.Errorf("the enum is not a list")
	}
	var enum []any
	for _, element := range list.Elts {
		literal, ok := element.(*ast.BasicLit)
		if !ok {
			return fmt.Errorf("a value of the enum is not a literal")
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			return err
		}
		enum = append(enum, text)
	}
	schema["enum"] = enum
	return nil
}
