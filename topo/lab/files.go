package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/plan"
)

// Files of a lab's directory.
const (
	layoutFile     = "layout.json"
	controllerFile = "firstack.yaml"
)

// controllerListen is where the controller serves its state, in the namespace of the management host.
const controllerListen = "127.0.0.1:9561"

// WriteFiles writes what the processes of a lab read into a directory: layout.json, firstack.yaml, nginx/HOST.conf and
// the content www/; log/ is where they write. Files of another lab are overwritten.
func WriteFiles(dir string, p *plan.Plan, l *Layout) error {
	for _, sub := range []string{"", "log", "nginx"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return fmt.Errorf("lab directory: %w", err)
		}
	}
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	yaml, err := controllerConfig(p, l)
	if err != nil {
		return err
	}
	files := map[string]string{layoutFile: string(text) + "\n", controllerFile: string(yaml)}
	for i := range l.Hosts {
		if h := &l.Hosts[i]; len(h.Listen) > 0 {
			files[filepath.Join("nginx", h.Name+".conf")] = nginxConfig(h, dir)
		}
	}
	for name, content := range files {
		if _, err := writeFile(filepath.Join(dir, name), strings.NewReader(content)); err != nil {
			return fmt.Errorf("lab files: %w", err)
		}
	}
	return writeContent(filepath.Join(dir, "www"), l.Seed)
}

// controllerConfig is the controller's configuration of the plan, with the switches where the layout has them.
func controllerConfig(p *plan.Plan, l *Layout) ([]byte, error) {
	c := live.Config(p)
	c.Controller.Listen = controllerListen
	for i := range c.Switches {
		c.Switches[i].Address = l.Gateway(c.Switches[i].Name).P4Runtime
	}
	// A lab is looked at: its replicas come to life, and are missed, within a few seconds.
	c.Health = config.Health{Interval: time.Second, Timeout: time.Second, Rise: 1}
	c.Complete()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("controller configuration of %s: %w", l.Topology, err)
	}
	return c.Encode(), nil
}

// ReadLayout reads the layout.json that WriteFiles wrote.
func ReadLayout(path string) (*Layout, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no layout: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	var l Layout
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &l, nil
}
