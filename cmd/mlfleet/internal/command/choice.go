package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator/suggest"
)

// choice is a flag whose value is one of a few words.
type choice struct {
	value *string
	words []string
}

// choose adds such a flag; its first word is the default. In usage, backquotes
// name the value.
func choose(cmd *cobra.Command, value *string, name, shorthand, usage string, words ...string) {
	*value = words[0]
	cmd.Flags().VarP(&choice{value, words}, name, shorthand, usage+": "+strings.Join(words, ", "))
	cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// String is the word that is chosen.
func (c *choice) String() string { return *c.value }

// Type is what help calls the value where usage does not say.
func (c *choice) Type() string { return "word" }

// Set chooses a word.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return wrongWord(suggest.Fix(word, c.words))
	}
	*c.value = word
	return nil
}

// wrongWord is the mend for a word that is no choice; pflag's message around it
// says which flag and which word.
type wrongWord string

func (e wrongWord) Error() string { return string(e) }
