package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// formatFile says in words what a directory is.
const formatFile = "FORMAT"

// formatName begins the file, before the version.
const formatName = "wirespan spans "

// formatVersion is what this program writes and reads.
const formatVersion = 1

// checkFormat makes sure that a directory is a store of a version that is known, or
// empty; then it becomes one.
func checkFormat(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, formatFile))
	if errors.Is(err, os.ErrNotExist) {
		return makeFormat(dir)
	}
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	text := strings.TrimSpace(string(b))
	n, err := strconv.Atoi(strings.TrimPrefix(text, strings.TrimSpace(formatName)+" "))
	switch {
	case err != nil || !strings.HasPrefix(text, strings.TrimSpace(formatName)):
		return fmt.Errorf("open store: %s is no store of wirespan: its %s says %.40q", dir, formatFile, text)
	case n > formatVersion:
		return fmt.Errorf("open store: %s is of format %d, and this wirespan knows formats up to %d: use a newer wirespan, or another directory", dir, n, formatVersion)
	case n < 1:
		return fmt.Errorf("open store: %s is of format %d, which there never was", dir, n)
	}
	return nil
}

func makeFormat(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("open store: %w", err)
	}
	for _, e := range list {
		if e.Name() != "lost+found" && !strings.HasPrefix(e.Name(), formatFile+".") {
			return fmt.Errorf("open store: %s holds %s and is no store of wirespan: name an empty directory", dir, e.Name())
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	return writeWhole(filepath.Join(dir, formatFile), formatName+strconv.Itoa(formatVersion)+"\n")
}

// writeWhole makes a file that is there with all of its text, or not at all.
func writeWhole(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".")
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open store: %w", err), os.Remove(f.Name()))
	}
	return nil
}
