/** What Grafana is told at its start. Nothing that is changed in it stays: it is made from here, like everything. */
import { stringify } from "yaml";
import type { MonitoringSettings } from "../monitoring.ts";
import { DATASOURCE } from "../../shared/metrics/dashboard.ts";
import { dashboard } from "./dashboard.ts";
import { PARTS } from "./scraping.ts";

const FOLDER = "/tmp/grafana";
const DASHBOARD = `${FOLDER}/dashboards/tristack.json`;

/** Files by path. @param title of the dashboard */
export function grafanaFiles(settings: MonitoringSettings, title: string): Record<string, string> {
  const { host, port } = PARTS.prometheus;
  return {
    [`${FOLDER}/provisioning/datasources/prometheus.yml`]: stringify({
      apiVersion: 1,
      datasources: [
        {
          ...DATASOURCE,
          name: "Prometheus",
          access: "proxy",
          url: `http://${host}:${port}`,
          isDefault: true,
          editable: false,
          jsonData: { timeInterval: settings.interval },
        },
      ],
    }),
    [`${FOLDER}/provisioning/dashboards/tristack.yml`]: stringify({
      apiVersion: 1,
      providers: [
        {
          name: "tristack",
          type: "file",
          disableDeletion: true,
          allowUiUpdates: false,
          options: { path: `${FOLDER}/dashboards` },
        },
      ],
    }),
    [DASHBOARD]: JSON.stringify(dashboard(settings, title)),
  };
}

/** Variables that Grafana's image reads. @param passwordFile of the user `admin` */
export function grafanaVariables(settings: MonitoringSettings, passwordFile: string): Record<string, string> {
  return {
    GF_PATHS_PROVISIONING: `${FOLDER}/provisioning`,
    GF_SERVER_HTTP_PORT: String(PARTS.grafana.port),
    GF_SERVER_ROOT_URL: `http://127.0.0.1:${settings.grafana.port}`,
    GF_SECURITY_ADMIN_PASSWORD__FILE: passwordFile,
    GF_AUTH_ANONYMOUS_ENABLED: "false",
    GF_USERS_ALLOW_SIGN_UP: "false",
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: DASHBOARD,
    GF_ANALYTICS_REPORTING_ENABLED: "false",
    GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
    GF_PLUGINS_PREINSTALL_DISABLED: "true",
  };
}
