package state

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Pages of translations.
const (
	defaultLimit = 100
	maxLimit     = 100_000
)

// answerWithin is how long a question may take.
const answerWithin = 10 * time.Second

// Handler serves a Source's state as JSON under /v1, its metrics and the process's under /metrics, /healthz and
// /readyz, and Go's profiles under /debug/pprof/ for this machine only. It has no authentication: it belongs on a
// loopback address.
func Handler(s Source) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(newRegistry(s), promhttp.HandlerOpts{}))
	mux.Handle("/debug/pprof/", profiles())
	mux.HandleFunc("GET /v1/sessions", answer(func(r *http.Request) (any, error) { return s.Sessions(r.Context()) }))
	mux.HandleFunc("GET /v1/services", answer(func(r *http.Request) (any, error) { return s.Services(r.Context()) }))
	mux.HandleFunc("GET /v1/replicas", answer(func(r *http.Request) (any, error) { return s.Replicas(r.Context()) }))
	mux.HandleFunc("GET /v1/counters", answer(func(r *http.Request) (any, error) { return s.Counters(r.Context()) }))
	mux.HandleFunc("GET /v1/learning", answer(func(r *http.Request) (any, error) { return s.Learning(r.Context()) }))
	mux.HandleFunc("GET /v1/steering", answer(func(r *http.Request) (any, error) { return s.Steering(r.Context()) }))
	mux.HandleFunc("GET /v1/ports", answer(func(r *http.Request) (any, error) { return s.Ports(r.Context()) }))
	mux.HandleFunc("GET /v1/translations", answer(func(r *http.Request) (any, error) {
		limit, err := limitOf(r)
		if err != nil {
			return nil, err
		}
		return s.Translations(r.Context(), limit)
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		if err := s.Ready(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
		sessions, _ := s.Sessions(ctx) // they were there a moment ago; if not, that is for the next to say
		for _, one := range sessions {
			switch {
			case one.Standby:
				fmt.Fprintf(w, "switch %s: standby, %s is primary\n", one.Switch, one.Leader)
			case one.Leader != "":
				fmt.Fprintf(w, "switch %s: %s\n", one.Switch, one.State)
			}
		}
	})
	return mux
}

// badRequest is the asker's own fault.
type badRequest string

func (e badRequest) Error() string { return string(e) }

func limitOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 0 || limit > maxLimit {
		return 0, badRequest(fmt.Sprintf("limit=%s: has to be a number from 0 to %d", text, maxLimit))
	}
	return limit, nil
}

func answer(ask func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		v, err := ask(r.WithContext(ctx))
		if err != nil {
			code := http.StatusServiceUnavailable
			if _, bad := err.(badRequest); bad {
				code = http.StatusBadRequest
			}
			http.Error(w, err.Error(), code)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.Encode(v) // an asker that has gone is nobody to tell of it
	}
}
