//go:build !linux

package main

import "errors"

var errDoctorLinux = errors.New("needs Linux")

func (h *hostFacts) readSystem() { h.user = "this user" }

func diskRoom(string) (free, size uint64, err error) { return 0, 0, errDoctorLinux }

func readOffloads(string, []ifaceReport) error { return errDoctorLinux }
