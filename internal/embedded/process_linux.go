package embedded

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// setDeathSignal makes the kernel send sig to the child when we die.
func setDeathSignal(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// serversIn returns the ids of all living processes that work in the data directory of a PostgreSQL server: the
// postmaster, which makes it its working directory, and all that it forked. complete says that none can be missing.
func serversIn(dataDir string) (pids []int, complete bool) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, false
	}
	want, err := os.Stat(dataDir)
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// Both fail for the dead and for other users' processes. A shell that stands in the directory is none of ours.
		exe, err := os.Readlink("/proc/" + e.Name() + "/exe")
		if err != nil || strings.TrimSuffix(filepath.Base(exe), " (deleted)") != "postgres" {
			continue
		}
		if cwd, err := os.Stat("/proc/" + e.Name() + "/cwd"); err == nil && os.SameFile(cwd, want) {
			pids = append(pids, pid)
		}
	}
	return pids, true
}
