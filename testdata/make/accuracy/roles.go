package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// roleEnv names what a copy of this program plays: each is a process of its
// own, as the programs that are measured are.
const roleEnv = "WIRESPAN_ACCURACY_ROLE"

// play plays a role until the process is ended.
func play(role string) error {
	switch role {
	case "backend":
		return serve(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Millisecond + rand.N(2*time.Millisecond))
			_, _ = io.WriteString(w, "here\n")
		})
	case "load":
		return load()
	case "go-direct":
		return serve(answerDirectly)
	case "go-pool":
		return serve(newGoPool())
	}
	return fmt.Errorf("role %q", role)
}

func serve(h http.HandlerFunc) error {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		return err
	}
	return http.Serve(l, h)
}

// goClient is what Go programs call the back end with.
var goClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 30 * time.Second}

func fetch(url, id string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if id != "" {
		req.Header.Set("X-Request-Id", id)
	}
	resp, err := goClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// callsFor makes the calls of a request.
func callsFor(path string) {
	n, _ := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	for k := range 1 + n%2 {
		if err := fetch(fmt.Sprintf("http://%s/b/%d/%d", os.Getenv("BACKEND"), n, k), ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

func answerDirectly(w http.ResponseWriter, r *http.Request) {
	callsFor(r.URL.Path)
	_, _ = io.WriteString(w, "done\n")
}

// newGoPool hands requests over a channel to workers.
func newGoPool() http.HandlerFunc {
	type job struct {
		path string
		done chan struct{}
	}
	jobs := make(chan job, 1024)
	for range 32 {
		go func() {
			for j := range jobs {
				callsFor(j.path)
				close(j.done)
			}
		}()
	}
	return func(w http.ResponseWriter, r *http.Request) {
		j := job{r.URL.Path, make(chan struct{})}
		jobs <- j
		<-j.done
		_, _ = io.WriteString(w, "done\n")
	}
}

// load asks FRONT for REQUESTS numbers, LOAD at a time, and prints how many
// were answered. With IDS=true each request has an ID.
func load() error {
	requests, err := strconv.Atoi(os.Getenv("REQUESTS"))
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(os.Getenv("LOAD"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var next, answered atomic.Int64
	var wg sync.WaitGroup
	for range at {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= requests {
					return
				}
				id := ""
				if os.Getenv("IDS") == "true" {
					id = fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
				}
				if err := fetch(fmt.Sprintf("http://%s/r/%d", os.Getenv("FRONT"), n), id); err == nil {
					answered.Add(1)
				}
			}
		})
	}
	wg.Wait()
	fmt.Println(answered.Load())
	return nil
}
