package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// Files, pipes, buffers and the null device are no terminals, and get no colour.
// That a terminal is one is tested with a real one, in cmd/mlfleet.
func TestIs(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	_, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, f := range []*os.File{file, null, pipe} {
		if Is(f) || PaletteFor(f, os.Getenv).On() || NewProgress(f) != nil {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
	if Is(&bytes.Buffer{}) {
		t.Error("a buffer is taken for a terminal")
	}
}

func TestPalette(t *testing.T) {
	on, off := Palette{on: true}, Palette{}
	if got, want := on.Bold("x")+on.Red("")+on.Yellow("y"), "\x1b[1mx\x1b[0m\x1b[33my\x1b[0m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := off.Bold("x") + off.Green("y"); got != "xy" {
		t.Errorf("got %q without colour", got)
	}
}

// A short run shows nothing; a long one its last word, rewritten, and then gone.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		short := newProgress(&screen)
		short.Say("reading")
		time.Sleep(patience - time.Millisecond)
		short.Clear()
		if screen.Len() > 0 {
			t.Errorf("a short run shows %q", &screen)
		}
		long := newProgress(&screen)
		long.Say("reading")
		time.Sleep(patience + time.Millisecond)
		for i := range 50 {
			long.Say([]string{"one", "two"}[i%2])
			time.Sleep(rewrite / 100)
		}
		time.Sleep(rewrite)
		long.Clear()
		if got, want := screen.String(), "\r\x1b[Kreading\r\x1b[Ktwo\r\x1b[K"; got != want {
			t.Errorf("a long run shows %q, want %q", got, want)
		}
		var none *Progress
		none.Say("nothing")
		none.Clear()
	})
}
