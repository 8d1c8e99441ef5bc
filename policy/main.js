// Plain JavaScript: what Pulumi loads is looked for by this name.
import "./index.ts";
