package debian

import (
	"testing"
)

func TestParagraph(t *testing.T) {
	f, err := paragraph("Package: libc6\nversion:1.0-1 \n# a comment\nDescription: one\n Version: 2\n\tVersion: 3\nEmpty:\n\n", "Package", "Version", "Empty", "None")
	if err != nil {
		t.Fatal(err)
	}
	if f["Package"] != "libc6" || f["Version"] != "1.0-1" || f["Empty"] != "" || f["None"] != "" {
		t.Errorf("got %q", f)
	}
	for text, want := range map[string]string{
		"Package: a\nPackage: b\n":       "the field Package is there twice",
		"Package: a\npackage: b\n":       "the field package is there twice",
		"Package: a\n\nPackage: b\n":     "a second paragraph follows",
		"Package: a\n \t\nPackage: b\n":  "a second paragraph follows",
		"Package: a\nno field\n":         `"no field" is no field`,
		"Package: a\n: b\n":              "is no field",
		"Package: a\nPackage : b\n":      "is no field",
		"Package: a\r\n\r\nPackage: b\n": "a second paragraph follows",
		"\nPackage: a\n":                 "a second paragraph follows",
	} {
		_, err := paragraph(text, "Package")
		wantError(t, err, want)
	}
}
