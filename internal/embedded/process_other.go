//go:build !linux

package embedded

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// setDeathSignal does nothing: only Linux can tell a child of its parent's death.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

// serversIn returns the id of a living postmaster that was started on the data directory. What it forked cannot be
// told from other servers' here, so the answer is never complete.
func serversIn(dataDir string) (pids []int, complete bool) {
	out, err := exec.Command("ps", "-axo", "pid=,command=").Output()
	if err != nil {
		return nil, false
	}
	for line := range strings.Lines(string(out)) {
		id, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(command, "postgres -D "+dataDir+" ") {
			if pid, err := strconv.Atoi(id); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, false
}
