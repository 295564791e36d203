package output

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/firstack/firstack/topo/simulate"
)

// Formats of plots.
var Formats = []string{"svg", "png"}

// width and height of a plot.
const (
	width  = 20 * vg.Centimeter
	height = 11 * vg.Centimeter
)

// Plots writes a report's plots into a folder, which is made when it is not there, and returns their names. They begin
// with the prefix.
func Plots(dir, prefix, format string, report *simulate.Report) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("plots: %w", err)
	}
	figures := []figure{
		{"round-trip", roundTrips(report)},
		{"nearest", shares(report)},
	}
	if report.Kind == "placements" {
		figures = append(figures, figure{"learning", learning(report)}, figure{"population", population(report)})
	} else {
		figures = append(figures, figure{"time", overTime(report)})
	}
	var names []string
	for _, f := range figures {
		if f.err != nil {
			return nil, fmt.Errorf("plot %s: %w", f.name, f.err)
		}
		name := filepath.Join(dir, prefix+f.name+"."+format)
		if err := f.plot.Save(width, height, name); err != nil {
			return nil, fmt.Errorf("plot: %w", err)
		}
		names = append(names, name)
	}
	return names, nil
}

type figure struct {
	name string
	drawing
}

// drawing is a plot, or why there is none.
type drawing struct {
	plot *plot.Plot
	err  error
}

func blank(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Title.Padding = vg.Points(6)
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Legend.XOffs, p.Legend.YOffs, p.Legend.ThumbnailWidth = vg.Points(-8), vg.Points(6), vg.Points(24)
	p.Legend.Padding = vg.Points(2)
	p.Add(plotter.NewGrid())
	return p
}

// style of a policy's curve. Where one is bound to cover another (the limit and who reaches it, standby and never), the one
// below is the thicker.
type style struct {
	color  color.RGBA
	width  vg.Length
	dashes []vg.Length
}

const limit = "limit"

var styles = map[string]style{
	"origin":  {color.RGBA{0x77, 0x77, 0x77, 0xff}, 3, nil},
	"dns":     {color.RGBA{0x2c, 0xa0, 0x2c, 0xff}, 1.5, nil},
	"anycast": {color.RGBA{0x1f, 0x77, 0xb4, 0xff}, 1.5, nil},
	"race":    {color.RGBA{0xff, 0x7f, 0x0e, 0xff}, 1.5, nil},
	"standby": {color.RGBA{0x94, 0x67, 0xbd, 0xff}, 3, nil},
	"never":   {color.RGBA{0x40, 0x20, 0x10, 0xff}, 1, []vg.Length{2, 4}},
	"steer":   {color.RGBA{0xd6, 0x27, 0x28, 0xff}, 3.5, nil},
	limit:     {color.RGBA{0, 0, 0, 0xff}, 1, []vg.Length{4, 3}},
}

// line adds a policy's curve, or the limit's.
func line(p *plot.Plot, name string, points plotter.XYs) error {
	if len(points) == 0 {
		return nil
	}
	l, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	s := styles[name]
	l.Color, l.Width, l.Dashes = s.color, s.width, s.dashes
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

func xys(points []simulate.Point) plotter.XYs {
	out := make(plotter.XYs, len(points))
	for i, p := range points {
		out[i] = plotter.XY{X: p.X, Y: 100 * p.Y}
	}
	return out
}

// roundTrips shows the distribution of round trips, and that of the limit.
func roundTrips(report *simulate.Report) drawing {
	p := blank("Round trip between client and the device it got", "ms", "% of the connections, at most")
	p.Y.Min, p.Y.Max, p.X.Min = 0, 100, 0
	for _, r := range report.Results {
		if err := line(p, r.Policy, xys(r.RTTs)); err != nil {
			return drawing{err: err}
		}
	}
	if len(report.Results) > 0 {
		if err := line(p, limit, xys(report.Results[0].Best)); err != nil {
			return drawing{err: err}
		}
	}
	return drawing{plot: p}
}

// shares shows how many connections are on a near device.
func shares(report *simulate.Report) drawing {
	p := blank("Connections on the nearest device, or within 2 ms or 5 % of it", "", "%")
	p.Y.Min, p.Y.Max = 0, 100
	var values plotter.Values
	var names []string
	for _, r := range report.Results {
		values = append(values, 100*r.NearShare)
		names = append(names, r.Policy)
	}
	bars, err := plotter.NewBarChart(values, vg.Points(30))
	if err != nil {
		return drawing{err: err}
	}
	bars.Color = styles["anycast"].color
	p.Add(bars)
	p.NominalX(names...)
	p.X.Min, p.X.Max = -.6, float64(len(names))-.4
	return drawing{plot: p}
}

// learning shows the handshakes of a gateway's first connections.
func learning(report *simulate.Report) drawing {
	const shown = 20
	p := blank("Handshake by the number of a connection at its gateway", "connection", "mean handshake, as multiple of the round trip to the nearest")
	p.Y.Min, p.Y.Max, p.Legend.Top, p.Legend.YOffs = 0, 4.5, true, 0
	p.X.Min, p.X.Max = 1, shown
	for _, r := range report.Results {
		var points plotter.XYs
		for n, m := range r.Order[:min(shown, len(r.Order))] {
			points = append(points, plotter.XY{X: float64(n + 1), Y: m.Ratio})
		}
		if err := line(p, r.Policy, points); err != nil {
			return drawing{err: err}
		}
	}
	return drawing{plot: p}
}

// population shows what all connections up to the n-th cost a gateway: small ones pay for the first.
func population(report *simulate.Report) drawing {
	p := blank("Cost by how many connections a gateway has in all", "connections of a gateway to a service",
		"mean handshake, as multiple of the round trip to the nearest")
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Y.Min, p.Y.Max, p.X.Min, p.X.Max, p.Legend.Top, p.Legend.YOffs = 0, 4.5, 1, 1, true, 0
	for _, r := range report.Results {
		var points plotter.XYs
		next := 0
		var handshakes, limits float64
		for n, m := range r.Order {
			handshakes += m.Handshake
			limits += m.Limit
			// One in 32 of what is there already is as close as a logarithmic scale shows.
			if n+1 >= next || n == len(r.Order)-1 {
				next = n + 2 + n/32
				points = append(points, plotter.XY{X: float64(n + 1), Y: handshakes / limits})
			}
		}
		p.X.Max = max(p.X.Max, float64(len(r.Order)))
		if err := line(p, r.Policy, points); err != nil {
			return drawing{err: err}
		}
	}
	return drawing{plot: p}
}

// overTime shows handshakes as time goes by; a logarithmic scale, for a lost SYN costs a second.
func overTime(report *simulate.Report) drawing {
	p := blank("Handshake over time", "s", "mean handshake, ms")
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Legend.Top = true
	low, high := math.Inf(1), 1.0
	for _, r := range report.Results {
		var points, limits plotter.XYs
		for n, m := range r.Time {
			if m.Handshake <= 0 {
				continue
			}
			at := (float64(n) + .5) * report.Slice
			points = append(points, plotter.XY{X: at, Y: m.Handshake})
			limits = append(limits, plotter.XY{X: at, Y: m.Limit})
			low, high = min(low, m.Limit), max(high, m.Handshake)
		}
		if err := line(p, r.Policy, points); err != nil {
			return drawing{err: err}
		}
		if r.Policy == "steer" || len(report.Results) == 1 {
			if err := line(p, limit, limits); err != nil {
				return drawing{err: err}
			}
		}
	}
	// From one power of ten to another: ticks stand at these.
	p.Y.Min, p.Y.Max = math.Pow(10, math.Floor(math.Log10(min(low, high)))), math.Pow(10, math.Ceil(math.Log10(high)))
	return drawing{plot: p}
}
