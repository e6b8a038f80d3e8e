package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/mattn/go-sqlite3"
	"github.com/spf13/cobra"
)

func versionCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Long:  "Prints the version of Cartwright, of the Go toolchain that built it and of the SQLite inside it.",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			sqlite, _, _ := sqlite3.Version()
			_, err := fmt.Fprintf(s.out, "cartwright %s, %s, SQLite %s\n", version(), runtime.Version(), sqlite)
			return err
		},
	}
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && info.Main.Version == "(devel)" {
			return setting.Value[:min(12, len(setting.Value))]
		}
	}
	return info.Main.Version
}
