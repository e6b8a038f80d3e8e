package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// group is settings that belong together.
type group struct {
	title string
	bind  func(*Config, *pflag.FlagSet)
}

// groups are all settings, in the order in which people read them.
func groups() []group {
	return []group{
		{"The database", (*Config).databaseFlag},
		{"Events and sessions", (*Config).historyFlags},
		{"Recommendations", (*Config).recommendFlags},
		{"Abandoned carts", (*Config).recoveryFlags},
		{"Links and reports", (*Config).linkFlags},
		{"Mails", (*Config).mailFlags},
		{"Whom to mail", (*Config).addresseeFlags},
		{"Serving", (*Config).serveFlags},
	}
}

// settings returns the settings of a group as flags, in their order, with their defaults.
func (g group) settings() []*pflag.Flag {
	flags := pflag.NewFlagSet(g.title, pflag.ContinueOnError)
	flags.SortFlags = false
	g.bind(new(Config), flags)
	var list []*pflag.Flag
	flags.VisitAll(func(f *pflag.Flag) { list = append(list, f) })
	return list
}

func configCommand(s streams) *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print a configuration file with every setting and its meaning",
		Long: `Prints a ` + defaultConfigFile + ` in which every setting stands as a comment, with its meaning,
its default, and its names as a flag and in the environment. It says nothing of how
this machine is configured: “cartwright doctor” looks at that.`,
		Example: "  cartwright config > " + defaultConfigFile,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			if markdown {
				return printReference(s.out)
			}
			return printSettings(s.out)
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the same as a page for people")
	return cmd
}

// printSettings writes a configuration file that changes nothing.
func printSettings(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings of Cartwright. What is commented out is the default: take away the “# ” to change it.\n" +
		"# A flag beats the environment, which beats this file. Durations are written as 90s, 30m or 168h.\n")
	for _, g := range groups() {
		fmt.Fprintf(&b, "\n# %s\n", strings.ToUpper(g.title))
		for _, f := range g.settings() {
			value, err := yaml.Marshal(map[string]any{f.Name: byDefault(f)})
			if err != nil {
				return fmt.Errorf("write setting %s: %w", f.Name, err)
			}
			commented := strings.ReplaceAll(strings.TrimSuffix(string(value), "\n"), "\n", "\n# ")
			fmt.Fprintf(&b, "\n## %s\n## --%s, %s\n# %s\n", sentence(f.Usage), f.Name, variable(f.Name), commented)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// byDefault is a setting's default as a file gives it.
func byDefault(f *pflag.Flag) any {
	list, ok := f.Value.(pflag.SliceValue)
	switch {
	case ok && f.Annotations != nil:
		return mappingOf(list.GetSlice())
	case ok:
		return list.GetSlice()
	}
	return plain{f.DefValue}
}

// mappingOf writes texts of “name=value value” as a mapping of names to lists.
func mappingOf(texts []string) *yaml.Node {
	mapping := &yaml.Node{Kind: yaml.MappingNode}
	for _, text := range texts {
		name, values, _ := strings.Cut(text, "=")
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for value := range strings.FieldsSeq(values) {
			list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: value})
		}
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, list)
	}
	return mapping
}

// plain is a value that stands in a file as it is, without quotes unless it needs them.
type plain struct{ text string }

// MarshalYAML lets the text say of which kind it is.
func (p plain) MarshalYAML() (any, error) {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(p.text), &node); err != nil || len(node.Content) != 1 || node.Content[0].Kind != yaml.ScalarNode {
		return p.text, nil
	}
	return node.Content[0], nil
}

// sentence makes a usage text one.
func sentence(usage string) string {
	return strings.ToUpper(usage[:1]) + strings.TrimSuffix(usage[1:], ".") + "."
}

// printReference writes the page CONFIGURATION.md.
func printReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# Configuration

Written by “cartwright config --markdown”; do not edit it by hand.

Every setting has one name: ` + "`cart-wait` is `--cart-wait`, `CARTWRIGHT_CART_WAIT`, and `cart-wait:` in\n" +
		"`" + defaultConfigFile + "` (or the file that `--config` names)" + `. The flag beats the environment, which beats the file.
Unknown names are refused, in the environment if they are nearly those of a setting, and all mistakes are told at once.
Durations are written as ` + "`90s`, `30m` or `168h`" + `; a list is several lines in the file, and has commas between its values
elsewhere. ` + "`cartwright config`" + ` prints a file with all of them to begin with, and ` + "`cartwright doctor`" + ` checks what is set.
`)
	for _, g := range groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| setting | default | meaning |\n|---|---|---|\n", g.title)
		for _, f := range g.settings() {
			value := strings.ReplaceAll(f.DefValue, "|", `\|`)
			switch {
			case value == "" || value == "[]":
				value = "–"
			case f.Annotations != nil:
				value = "`" + strings.Join(f.Value.(pflag.SliceValue).GetSlice(), "`<br>`") + "`"
			default:
				value = "`" + value + "`"
			}
			fmt.Fprintf(&b, "| `%s`<br>`%s` | %s | %s |\n", f.Name, variable(f.Name), value, strings.ReplaceAll(sentence(f.Usage), "|", `\|`))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
