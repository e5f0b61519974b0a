//go:build !linux

package main

import (
	"errors"
	"os"
)

func fileIDOf(*os.File) (fileID, error) { return fileID{}, errors.ErrUnsupported }
