/** The same for rules about containers of a host and workloads of a cluster. */
import type { Case } from "./aws-cases.ts";

const CONTAINER = "docker:index/container:Container";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

const container = (good: object, bad: object): Case => ({
  good: [{ type: CONTAINER, props: { ...good } }],
  bad: [{ type: CONTAINER, props: { ...bad } }],
});

const GOOD_CONTAINER = {
  image: "ghcr.io/myorg/web:v1",
  ports: [{ containerPort: 3000 }],
  readinessProbe: {},
  resources: { limits: { cpu: "1", memory: "1Gi" } },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
const GOOD_POD = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true },
  containers: [GOOD_CONTAINER],
};
const deployment = (pod: object) => ({ type: DEPLOYMENT, props: { spec: { template: { spec: pod } } } });
const pod = (bad: object): Case => ({
  good: [deployment(GOOD_POD)],
  bad: [deployment({ ...GOOD_POD, ...bad })],
});
const containers = (bad: object) => pod({ containers: [GOOD_CONTAINER, { ...GOOD_CONTAINER, ...bad }] });
const NAMESPACE = { type: "kubernetes:core/v1:Namespace", name: "n", props: { metadata: { name: "shop" } } };
const policy = (spec: object) => ({
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name: "deny",
  props: { metadata: { namespace: "shop" }, spec },
});
const scaled = (spec: object) => [
  { type: DEPLOYMENT, name: "web", props: { metadata: { name: "web" }, spec } },
  {
    type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    name: "hpa",
    props: { spec: { scaleTargetRef: { name: "web" } } },
  },
];

export const workloadCases: Readonly<Record<number, Case>> = {
  101: container({ destroyGraceSeconds: 40 }, {}),
  102: container({ name: "web-1c584e9" }, { name: "web" }),
  103: {
    good: [
      { type: CONTAINER, name: "a", props: { ports: [{ external: 443 }] } },
      { type: CONTAINER, name: "b", props: { ports: [{ external: 9090, ip: "127.0.0.1" }] } },
    ],
    bad: [
      { type: CONTAINER, name: "a", props: { ports: [{ external: 443 }] } },
      { type: CONTAINER, name: "b", props: { ports: [{ external: 9090 }] } },
    ],
  },
  113: {
    good: [{ type: "docker:index/volume:Volume", protect: true }],
    bad: [{ type: "docker:index/volume:Volume" }],
  },
  118: container({ restart: "always" }, { restart: "no" }),
  119: container({}, { privileged: true }),
  201: containers({ securityContext: { allowPrivilegeEscalation: false, capabilities: {} } }),
  202: pod({ securityContext: {} }),
  203: pod({ volumes: [{ hostPath: { path: "/" } }] }),
  204: containers({ resources: { limits: { memory: "1Gi" } } }),
  205: containers({ image: "ghcr.io/myorg/web:latest" }),
  206: pod({ containers: [{ ...GOOD_CONTAINER, readinessProbe: undefined }] }),
  207: pod({ automountServiceAccountToken: true }),
  208: { good: scaled({}), bad: scaled({ replicas: 3 }) },
  209: {
    good: [NAMESPACE, policy({ podSelector: {}, policyTypes: ["Ingress", "Egress"] })],
    bad: [NAMESPACE, policy({ podSelector: {}, policyTypes: ["Ingress"] })],
  },
};
