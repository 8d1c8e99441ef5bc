// Command cadvisor is a stand-in for the official one, whose main package is in no module that the proxy has: the
// same library (github.com/google/cadvisor/lib), reduced to what monitoring asks of it. It knows containers by their
// control groups and speaks with no container engine, as the official one does where it is given no socket.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	info "github.com/google/cadvisor/info/v1"
	v2 "github.com/google/cadvisor/info/v2"
	"github.com/google/cadvisor/lib/cache/memory"
	"github.com/google/cadvisor/lib/container"
	"github.com/google/cadvisor/lib/manager"
	"github.com/google/cadvisor/lib/metrics"
	"github.com/google/cadvisor/lib/utils/sysfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

var (
	port     = flag.Int("port", 8080, "port to listen")
	prefixes = flag.String("raw_cgroup_prefix_whitelist", "", "comma-separated prefixes of control groups to report")
	storage  = flag.Duration("storage_duration", 2*time.Minute, "how long to keep data in memory")
	version  = flag.Bool("version", false, "print the version and exit")
	enabled  = container.MetricSet{}
)

func main() {
	klog.InitFlags(nil)
	flag.Var(&enabled, "enable_metrics", "comma-separated metrics")
	flag.Parse()
	if *version {
		printVersion()
		return
	}

	containers, err := manager.New(
		memory.New(*storage, nil), sysfs.NewRealSysFs(), manager.HousekeepingConfigFlags, enabled,
		strings.Split(*prefixes, ","), nil, "", 0,
	)
	if err != nil {
		klog.Fatalf("manager: %v", err)
	}
	if err := containers.Start(); err != nil {
		klog.Fatalf("manager: %v", err)
	}

	registry := prometheus.NewRegistry()
	options := v2.RequestOptions{IdType: v2.TypeName, Count: 1, Recursive: true}
	registry.MustRegister(metrics.NewPrometheusCollector(containers, labels, enabled, clock.RealClock{}, options))
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	http.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, "ok") })

	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ended
		os.Exit(0)
	}()
	klog.Fatal(http.ListenAndServe(fmt.Sprintf(":%d", *port), nil))
}

func printVersion() {
	built, _ := debug.ReadBuildInfo()
	for _, module := range built.Deps {
		if module.Path == "github.com/google/cadvisor/lib" {
			fmt.Println("cAdvisor's library", module.Version)
		}
	}
}

func labels(one *info.ContainerInfo) map[string]string {
	return map[string]string{metrics.LabelID: one.Name}
}
