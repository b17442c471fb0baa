package terminal

import "io"

// Palette colours text, or leaves it as it is: the zero Palette does.
type Palette struct{ on bool }

// PaletteFor is the palette for text on w. Only a terminal gets colour, and not
// where the user refuses it (NO_COLOR, see no-color.org) or the terminal knows
// none (TERM=dumb). getenv is os.Getenv.
func PaletteFor(w io.Writer, getenv func(string) string) Palette {
	return Palette{on: Is(w) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

// On reports whether the palette colours anything, for printers with colours of
// their own.
func (p Palette) On() bool { return p.on }

// The codes are ECMA-48's "select graphic rendition".

// Bold is for what the eye should find first.
func (p Palette) Bold(s string) string { return p.paint("1", s) }

// Red is for errors and for what goes.
func (p Palette) Red(s string) string { return p.paint("31", s) }

// Green is for what comes.
func (p Palette) Green(s string) string { return p.paint("32", s) }

// Yellow is for warnings and for what changes.
func (p Palette) Yellow(s string) string { return p.paint("33", s) }

func (p Palette) paint(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
