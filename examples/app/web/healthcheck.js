// node healthcheck.js [path]: exits with 0 if this container answers with 200, else with 1 and the reason.
// It runs every few seconds in every container for as long as that lives: by node:http, which is loaded in about half
// the time that fetch takes.
import { get } from "node:http";

const path = process.argv[2] ?? "/api/health";
const TIMEOUT_MS = 4000;

// Also where an answer breaks off, of which no event need tell.
process.exitCode = 1;

function fail(reason) {
  console.error(`${path}: ${reason}`);
  process.exit(1);
}

const request = get({ host: "127.0.0.1", port: process.env.PORT || 3000, path, agent: false }, (response) => {
  if (response.statusCode === 200) process.exit(0);
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (part) => (text += part));
  response.on("end", () => fail(`${response.statusCode} ${text.slice(0, 500)}`));
});
request.on("error", (error) => fail(error.message || error.code));
setTimeout(fail, TIMEOUT_MS, `no answer in ${TIMEOUT_MS / 1000} s`).unref();
