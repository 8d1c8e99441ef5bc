/** Name of the Secret with the site's certificate and key, and of cert-manager's Certificate where that makes it. */
export const CERTIFICATE = "site-tls";
