package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wirespan/wirespan/tracer/tag/names"
)

// readNames makes the configured names of --name and of the files of --names.
// A --name counts before a line of a file.
func readNames(flags, files []string) (*names.Map, error) {
	var rules []names.Rule
	var errs []error
	said := make(map[names.Pattern]bool)
	for _, s := range flags {
		r, err := names.ParseRule(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--name: %w", err))
			continue
		}
		rules = append(rules, r)
		said[r.Pattern] = true
	}
	for _, f := range files {
		list, err := readNamesFile(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, r := range list {
			if !said[r.Pattern] {
				rules = append(rules, r)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return names.NewMap(rules)
}

// readNamesFile reads a file of names: CSV if it is called .csv, .tsv or .txt,
// YAML if it is called .yaml or .yml.
func readNamesFile(file string) ([]names.Rule, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--names: %w", err)
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv", ".tsv", ".txt":
		return names.ReadCSV(bytes.NewReader(b), file)
	case ".yaml", ".yml", ".json": // JSON is YAML
		return names.ReadYAML(bytes.NewReader(b), file)
	}
	return nil, fmt.Errorf("--names %s: want a file called .csv or .yaml", file)
}
