package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/pin"
)

// pin is "mlfleet pin".
func (a *app) pin() *cobra.Command {
	var options pin.Options
	var output string
	cmd := &cobra.Command{
		Use:   "pin ENV NAME REF@SHA",
		Short: "Set the digest of an image in an environment",
		Long: `Pin writes an image's digest to environments/ENV/images.yaml and leaves every other
byte of the file as it is, comments included. NAME is what models refer to. The
reference needs its registry and its digest; the tag, for people to read, stays as it
is where the reference has none. Pin writes nothing else: 'mlfleet generate' brings
golden/ up to date.`,
		Example: `  mlfleet pin staging inference ghcr.io/mlfleet/inference:v0.2.0@sha256:9f86d0…
  mlfleet pin staging fast-onnx ghcr.io/acme/fast:v1@sha256:9f86d0… --add
  mlfleet pin production inference "$(crane digest --full-ref ghcr.io/acme/server:v2)"`,
		Args:              arguments("ENV", "NAME", "REF@SHA"),
		ValidArgsFunction: a.complete(environmentNames, pinNames),
	}
	cmd.Flags().BoolVar(&options.Add, "add", false, "make a pin that is not there yet")
	cmd.Flags().BoolVar(&options.AllowImageChange, "change-image", false, "let the pin refer to another registry or repository")
	choose(cmd, &output, "output", "o", "print as `FORMAT`", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ref, err := pin.ParseRef(args[2])
		if err != nil {
			return misused(cmd.CommandPath(), "%v", err)
		}
		change, err := a.setPin(cmd.CommandPath(), args[0], args[1], ref, &options)
		if err != nil {
			return err
		}
		if output == "json" {
			return a.printJSON(pinned(options.File, change))
		}
		if !change.Changed {
			a.summarise("%s: %s is %s already", options.File, change.Name, change.New)
			return nil
		}
		a.summarise("%s: %s is %s; run 'mlfleet generate'", options.File, change.Name, change.New)
		return nil
	}
	return cmd
}

// setPin sets a pin in its file.
func (a *app) setPin(command, environment, name string, ref pin.Ref, options *pin.Options) (pin.Change, error) {
	root, err := a.inputs()
	if err != nil {
		return pin.Change{}, err
	}
	defer root.Close()
	if err := knownEnvironment(root.FS(), command, environment); err != nil {
		return pin.Change{}, err
	}
	options.File = path.Join("environments", environment, "images.yaml")
	data, err := root.ReadFile(options.File)
	if err != nil {
		return pin.Change{}, &diskError{"cannot read " + options.File, err}
	}
	edited, change, err := pin.Set(data, name, ref, *options)
	if _, wrong := errors.AsType[fleet.Findings](err); wrong {
		return change, err
	}
	if err != nil {
		return change, misused(command, "%v", err)
	}
	if !change.Changed {
		return change, nil
	}
	return change, replace(root, options.File, edited)
}

// knownEnvironment refuses a name that is none of the fleet's environments, such
// as one that leads elsewhere.
func knownEnvironment(fsys fs.FS, command, environment string) error {
	entries, err := fs.ReadDir(fsys, "environments")
	if err != nil {
		return &diskError{"cannot read environments", err}
	}
	var known []string
	for _, e := range entries {
		if e.IsDir() {
			known = append(known, e.Name())
		}
		if e.IsDir() && e.Name() == environment {
			return nil
		}
	}
	return misused(command, "there is no environment %q%s", environment, mend(environment, known))
}

// replace gives a file new content: at every moment it is the old or the new one.
// The new one is made beside it under a hidden name, which the inputs may have.
func replace(root *os.Root, file string, data []byte) (err error) {
	info, err := root.Lstat(file)
	if err != nil {
		return &diskError{"cannot write " + file, err}
	}
	if !info.Mode().IsRegular() {
		return &diskError{"cannot write " + file, errors.New("it is not a regular file")}
	}
	temporary := path.Join(path.Dir(file), fmt.Sprintf(".%s.%d", path.Base(file), os.Getpid()))
	defer func() {
		if err != nil {
			root.Remove(temporary)
			err = &diskError{"cannot write " + file, err}
		}
	}()
	out, err := root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return root.Rename(temporary, file)
}

// pinnedJSON is what "pin -o json" prints.
type pinnedJSON struct {
	File    string `json:"file"`
	Name    string `json:"name"`
	Old     string `json:"old,omitempty"` // empty for a pin that was added
	New     string `json:"new"`
	Added   bool   `json:"added"`
	Changed bool   `json:"changed"`
}

func pinned(file string, c pin.Change) pinnedJSON {
	out := pinnedJSON{File: file, Name: c.Name, New: c.New.String(), Added: c.Added, Changed: c.Changed}
	if c.Old != (pin.Ref{}) {
		out.Old = c.Old.String()
	}
	return out
}
