package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// memoryFile is where the outer process tells the inner one what it measured.
const memoryFile = "memory.json"

// Memory is the most memory that everything in the sandbox took at once, in KiB.
// It is the kernel's proportional set size: a page that several processes share
// counts once.
type Memory struct {
	Peak int64            `json:"peak"`
	By   map[string]int64 `json:"by"`   // at the peak, by program
	Runs map[string]int   `json:"runs"` // at the peak, processes of each program
}

// PeakMemory is what has been measured so far. Only the inner process can ask.
func PeakMemory() (Memory, error) {
	dir, _ := Inside()
	content, err := os.ReadFile(filepath.Join(dir, memoryFile))
	if err != nil {
		return Memory{}, fmt.Errorf("reading the peak of memory: %w", err)
	}
	var m Memory
	if err := json.Unmarshal(content, &m); err != nil {
		return Memory{}, fmt.Errorf("reading the peak of memory: %w", err)
	}
	return m, nil
}

// measure writes the peak of memory of a process and all below it to a file, until
// it is told to stop.
func measure(pid int, file string, stop <-chan struct{}) {
	peak := Memory{}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if now := below(pid); now.Peak > peak.Peak {
			peak = now
			content, err := json.Marshal(peak)
			if err != nil {
				panic(err) // integers and strings can be written
			}
			// Renamed, so that nobody reads half of it.
			if os.WriteFile(file+".new", content, 0o644) == nil {
				_ = os.Rename(file+".new", file)
			}
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// below adds up the memory of a process and of all that descend from it.
// Processes that end meanwhile count nothing.
func below(root int) Memory {
	parents := map[int]int{}
	names := map[int]string{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		panic(err) // the pattern is right
	}
	for _, stat := range stats {
		content, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		// pid (name) state parent …; the name may hold anything but ends at the last ")".
		head, tail, _ := strings.Cut(string(content), "(")
		end := strings.LastIndexByte(tail, ')')
		fields := strings.Fields(tail[end+1:])
		pid, err1 := strconv.Atoi(strings.TrimSpace(head))
		parent, err2 := strconv.Atoi(fields[1])
		if err1 == nil && err2 == nil {
			parents[pid], names[pid] = parent, tail[:end]
		}
	}
	m := Memory{By: map[string]int64{}, Runs: map[string]int{}}
	for pid := range maps.Keys(parents) {
		if !descends(pid, root, parents) {
			continue
		}
		kib := proportional(pid)
		m.Peak += kib
		m.By[names[pid]] += kib
		m.Runs[names[pid]]++
	}
	return m
}

func descends(pid, root int, parents map[int]int) bool {
	for pid != 0 {
		if pid == root {
			return true
		}
		pid = parents[pid]
	}
	return false
}

// proportional is a process's proportional set size in KiB (proc(5), smaps_rollup).
func proportional(pid int) int64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err == nil {
				return kib
			}
		}
	}
	return 0
}
