package main

import "runtime/debug"

type versionCmd struct{}

// Run is called by kong.
func (versionCmd) Run(c *console) error {
	version, revision := "(devel)", ""
	goVersion := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = " " + info.GoVersion
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	return c.print("meibo %s%s%s", version, revision, goVersion)
}
