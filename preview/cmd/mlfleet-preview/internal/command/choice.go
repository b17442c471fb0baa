package command

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is a flag whose value is one of a few words.
type choice struct {
	value *string
	words []string
}

// output adds -o.
func output(cmd *cobra.Command, value *string) {
	words := []string{"text", "markdown", "json"}
	*value = words[0]
	cmd.Flags().VarP(&choice{value, words}, "output", "o", "print as `FORMAT`: "+strings.Join(words, ", "))
}

// String is the word that is chosen.
func (c *choice) String() string { return *c.value }

// Type is what help calls the value where usage does not say.
func (c *choice) Type() string { return "word" }

// Set chooses a word.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return errors.New("use one of " + strings.Join(c.words, ", "))
	}
	*c.value = word
	return nil
}
