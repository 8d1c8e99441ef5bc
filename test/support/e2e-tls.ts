/** The certificate that a server hands out. */
import { X509Certificate } from "node:crypto";
import { type PeerCertificate, connect } from "node:tls";

export interface Served {
  readonly serial: string;
  /** Names, sorted. */
  readonly names: readonly string[];
  /** Common name of who signed it. */
  readonly issuer: string;
  readonly pem: string;
  /** Whether it is what a client with that authority accepts for that name. */
  readonly accepted: boolean;
}

/** @param authority as PEM. @default that of nobody */
export function servedAt(port: number, name: string, authority?: string): Promise<Served> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, servername: name, rejectUnauthorized: false, ca: authority };
    const socket = connect(options, () => {
      const peer = socket.getPeerCertificate();
      resolve({ ...described(peer), accepted: socket.authorized });
      socket.destroy();
    });
    socket.setTimeout(5000, () => socket.destroy(new Error("no TLS handshake within 5 s")));
    socket.once("error", reject);
  });
}

function described(peer: PeerCertificate): Omit<Served, "accepted"> {
  const { issuer } = peer;
  return {
    serial: peer.serialNumber,
    names: (peer.subjectaltname ?? "")
      .split(", ")
      .map((name) => name.replace(/^DNS:/, ""))
      .sort(),
    issuer: String(issuer.CN),
    pem: new X509Certificate(peer.raw).toString(),
  };
}
