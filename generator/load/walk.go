package load

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// walk finds the input files. It reads folders, not files.
type walk struct {
	fsys     fs.FS
	found    []*Document
	closed   map[string]bool // folders that cannot be read, which is reported
	findings fleet.Findings
}

// documents lists what the fleet's folders hold, with nothing read yet.
func (w *walk) documents() *Documents {
	docs := &Documents{Fleet: &Document{File: "fleet.yaml"}}
	root := w.entries(".")
	if e := root["fleet.yaml"]; e == nil && !w.closed["."] {
		w.refuse("fleet.yaml", "the file is missing", "every fleet has one", "run 'mlfleet init DIR' to see a minimal fleet, or name the fleet's folder with -C")
		if root["regions"] == nil && root["environments"] == nil && root["tenants"] == nil {
			return docs // another folder than was meant: one word about it is enough
		}
	} else {
		docs.Fleet = w.document("Fleet", "fleet.yaml", "", e)
	}
	for _, e := range w.folder(root, "regions", yamlFiles) {
		docs.Regions = append(docs.Regions, w.document("Region", "regions/"+e.Name(), stem(e), e))
	}
	for _, e := range w.folder(root, "environments", folders) {
		docs.Environments = append(docs.Environments, w.environment(e.Name()))
	}
	for _, e := range w.folder(root, "tenants", folders) {
		docs.Tenants = append(docs.Tenants, w.tenant(e.Name()))
	}
	return docs
}

func (w *walk) environment(name string) Environment {
	dir := "environments/" + name
	files := w.named(dir, "environment.yaml", "images.yaml")
	return Environment{
		Environment: w.document("Environment", dir+"/environment.yaml", name, files["environment.yaml"]),
		Images:      w.document("ImagePins", dir+"/images.yaml", name, files["images.yaml"]),
	}
}

func (w *walk) tenant(name string) Tenant {
	dir := "tenants/" + name
	files := w.named(dir, "tenant.yaml", "models", "traffic")
	t := Tenant{Tenant: w.document("Tenant", dir+"/tenant.yaml", name, files["tenant.yaml"])}
	if files["traffic"] != nil {
		for _, e := range w.folder(files, "traffic", csvFiles, dir) {
			t.Traffic = append(t.Traffic, w.traffic(dir, e))
		}
	}
	if files["models"] == nil {
		return t // a tenant without models has a fence and nothing in it
	}
	for _, e := range w.folder(files, "models", yamlFiles, dir) {
		t.Models = append(t.Models, w.document("Model", dir+"/models/"+e.Name(), stem(e), e))
	}
	return t
}

// traffic notes a file of measurements for reading.
func (w *walk) traffic(dir string, e fs.DirEntry) *Traffic {
	t := &Traffic{Name: strings.TrimSuffix(e.Name(), ".csv"), File: dir + "/traffic/" + e.Name(), refused: !e.Type().IsRegular()}
	switch {
	case e.Type()&fs.ModeSymlink != 0: // refused when it was listed
	case t.refused:
		w.refuse(t.File, "not a regular file", "", "replace it by a CSV file")
	default:
		if info, err := e.Info(); err == nil {
			t.size = info.Size()
		}
	}
	return t
}

// document notes a file for reading; a missing one is a finding.
func (w *walk) document(kind, file, name string, e fs.DirEntry) *Document {
	d := &Document{Name: name, File: file, kind: kind}
	if e == nil {
		if !w.closed[path.Dir(file)] {
			w.refuse(file, "the file is missing", "", "add it, or remove the folder "+path.Dir(file))
		}
		return d
	}
	if e.Type()&fs.ModeSymlink != 0 {
		return d // refused when it was listed
	}
	if !e.Type().IsRegular() {
		w.refuse(file, "not a regular file", "", "replace it by a YAML file")
		return d
	}
	if info, err := e.Info(); err == nil {
		d.size = info.Size()
	}
	w.found = append(w.found, d)
	return d
}

// content is what a folder of inputs holds.
type content int

const (
	yamlFiles content = iota
	csvFiles
	folders
)

// folder lists the files, or the folders, in a folder of its parent.
func (w *walk) folder(parent map[string]fs.DirEntry, name string, holds content, in ...string) []fs.DirEntry {
	dir := path.Join(append(in, name)...)
	switch e := parent[name]; {
	case e == nil:
		if !w.closed[path.Dir(dir)] {
			w.refuse(dir, "the folder is missing", "", "create it")
		}
		return nil
	case e.Type()&fs.ModeSymlink != 0:
		return nil // refused when it was listed
	case !e.IsDir():
		w.refuse(dir, "not a folder", "", "make it a folder")
		return nil
	}
	var out []fs.DirEntry
	for _, e := range w.list(dir) {
		file := dir + "/" + e.Name()
		switch {
		case holds == csvFiles && strings.HasSuffix(e.Name(), ".csv"): // a link, too, so that its name is known
			out = append(out, e)
		case e.Type()&fs.ModeSymlink != 0: // refused when it was listed
		case holds == folders && e.IsDir(), holds == yamlFiles && strings.HasSuffix(e.Name(), ".yaml"):
			out = append(out, e)
		case holds == csvFiles:
			w.refuse(file, "not a CSV file", "only files that end in .csv", "move it elsewhere, or remove it")
		case strings.HasSuffix(e.Name(), ".yml"):
			w.refuse(file, "the file ends in .yml", "files end in .yaml", "rename it to "+strings.TrimSuffix(e.Name(), "yml")+"yaml")
		case holds == folders:
			w.refuse(file, "a file where only folders are", "", "move it into a folder of its own, or remove it")
		default:
			w.refuse(file, "not a YAML file", "only files that end in .yaml", "move it elsewhere, or remove it")
		}
	}
	return out
}

// named lists a folder whose files all have fixed names.
func (w *walk) named(dir string, names ...string) map[string]fs.DirEntry {
	out := map[string]fs.DirEntry{}
	for _, e := range w.list(dir) {
		out[e.Name()] = e
	}
	for name, e := range out {
		known := e.Type()&fs.ModeSymlink != 0 // refused when it was listed
		for _, n := range names {
			known = known || n == name
		}
		if !known {
			fix := "move it elsewhere, or remove it"
			if best := suggest.Nearest(name, names); best != "" {
				fix = fmt.Sprintf("did you mean %q?", best)
			}
			w.refuse(dir+"/"+name, "nothing reads this", "here are "+strings.Join(names[:len(names)-1], ", ")+" and "+names[len(names)-1], fix)
		}
	}
	return out
}

func (w *walk) entries(dir string) map[string]fs.DirEntry {
	out := map[string]fs.DirEntry{}
	for _, e := range w.readDir(dir) {
		switch e.Name() {
		case "fleet.yaml", "regions", "environments", "tenants":
			if e.Type()&fs.ModeSymlink != 0 {
				w.symlink(e.Name())
			}
			out[e.Name()] = e
		}
	}
	return out
}

// list reads a folder less what people keep beside inputs: READMEs, CODEOWNERS
// and hidden files. It refuses links, and lists them, so that none is taken for missing.
func (w *walk) list(dir string) []fs.DirEntry {
	var out []fs.DirEntry
	for _, e := range w.readDir(dir) {
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			w.symlink(dir + "/" + e.Name())
			out = append(out, e)
		case e.Name() == "README.md", e.Name() == "CODEOWNERS", strings.HasPrefix(e.Name(), "."):
		default:
			out = append(out, e)
		}
	}
	return out
}

// readDir lists a folder; what can be listed of one that fails is not.
func (w *walk) readDir(dir string) []fs.DirEntry {
	entries, err := fs.ReadDir(w.fsys, dir)
	if err == nil {
		return entries
	}
	if w.closed == nil {
		w.closed = map[string]bool{}
	}
	w.closed[dir] = true
	w.findings = append(w.findings, unreadable(fleet.Position{File: dir}, err))
	return nil
}

func (w *walk) symlink(file string) {
	w.refuse(file, "a symbolic link", "input folders hold only files and folders", "replace it by what it points to")
}

func (w *walk) refuse(file, message, expected, fix string) {
	w.findings = append(w.findings, fleet.Finding{
		Position: fleet.Position{File: file}, Severity: fleet.Error, Message: message, Expected: expected, Fix: fix,
	})
}

// unreadable is a folder or file that the file system does not hand out.
func unreadable(at fleet.Position, err error) fleet.Finding {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	f := fleet.Finding{Position: at, Severity: fleet.Error, Message: fmt.Sprintf("cannot be read: %v", err)}
	if errors.Is(err, fs.ErrPermission) {
		f.Fix = "give yourself permission to read it"
	}
	return f
}

func stem(e fs.DirEntry) string { return strings.TrimSuffix(e.Name(), ".yaml") }
