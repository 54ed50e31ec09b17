package e2e

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The clocks of services can be stepped where they are built with a time.Now of ours: the wall clock jumps, forwards and
// back, while they run, as it does where an operator or a time server sets it. The monotonic clock, which timers and
// measured durations go by, goes on, as it does then. PostgreSQL keeps its own time, so that the two disagree.

// clockVariable names the file in which a service finds by how many seconds its clock is off.
const clockVariable = "MEIBO_E2E_CLOCK"

// stepped is added to package time.
const stepped = `package time

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

var offset *int64

func init() {
	name, ok := syscall.Getenv("` + clockVariable + `")
	if !ok {
		return
	}
	file, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		panic(err)
	}
	shared, err := syscall.Mmap(file, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	offset = (*int64)(unsafe.Pointer(&shared[0]))
}

func steppedBy() int64 {
	if offset == nil {
		return 0
	}
	return atomic.LoadInt64(offset)
}
`

// writeClock writes what builds a program with such a clock, into the directory, and returns the file for go build
// -overlay. It fails where the standard library is not as it is known here.
func writeClock(dir string) (overlay string, err error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	home := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(home, "time.go"))
	if err != nil {
		return "", err
	}
	const reading = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(source), reading) != 1 {
		return "", errors.New("time.Now of this Go cannot be stepped: it reads the clock in another way")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	changed := strings.Replace(string(source), reading, reading+"\tsec += steppedBy()\n", 1)
	replace := map[string]string{}
	for name, text := range map[string]string{"time.go": changed, "stepped.go": stepped} {
		replace[filepath.Join(home, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// setClock sets by how much the clock of whoever reads the file is off.
func setClock(name string, by time.Duration) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) // never shorter: it is mapped
	if err != nil {
		return err
	}
	var seconds [8]byte
	binary.NativeEndian.PutUint64(seconds[:], uint64(by/time.Second))
	if _, err := f.WriteAt(seconds[:], 0); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
