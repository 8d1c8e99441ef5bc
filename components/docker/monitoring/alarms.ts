/** Configurations of Alertmanager, which sends alarms, and of the blackbox exporter, which asks from outside. */
import type { MonitoringSettings } from "../monitoring.ts";
import { timeoutOf } from "./scraping.ts";

/** As Slack's incoming webhooks take it. @param urlFile the file with the webhook's URL: a secret */
export function alertmanagerConfiguration(urlFile: string) {
  return {
    route: {
      receiver: "alarm",
      group_by: ["alertname", "service", "resource"],
      group_wait: "10s",
      group_interval: "1m",
      repeat_interval: "4h",
    },
    receivers: [
      {
        name: "alarm",
        slack_configs: [
          {
            api_url_file: urlFile,
            send_resolved: true,
            title: "{{ .Status | toUpper }}: {{ .GroupLabels.alertname }} ({{ .CommonLabels.stack }})",
            title_link: "",
            text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ "\\n" }}{{ end }}',
            fallback:
              "{{ .Status | toUpper }}: {{ .GroupLabels.alertname }} ({{ .CommonLabels.stack }}): " +
              "{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}",
          },
        ],
      },
    ],
  };
}

export interface ProbesArgs {
  settings: MonitoringSettings;
  /** Public host name: the certificate must be for it. */
  domain: string;
  /** Whether the certificate is one that browsers trust. */
  trustedCertificate: boolean;
}

/** What `module` in a probe's URL means. */
export function probes({ settings, domain, trustedCertificate }: ProbesArgs) {
  const timeout = `${timeoutOf(settings)}s`;
  return {
    modules: {
      site: {
        prober: "http",
        timeout,
        http: {
          // A redirect or a page that wants a login is an answer.
          valid_status_codes: Array.from({ length: 300 }, (_, index) => 200 + index),
          follow_redirects: false,
          fail_if_not_ssl: true,
          headers: { Host: domain },
          tls_config: { server_name: domain, insecure_skip_verify: !trustedCertificate },
          preferred_ip_protocol: "ip4",
        },
      },
      part: { prober: "tcp", timeout, tcp: { preferred_ip_protocol: "ip4" } },
    },
  };
}
