/**
 * Mocha's spec reporter, ending with one line for machines: "N passed, N failed".
 * With `TEST_SUMMARY_FILE` set, the same line is written there too.
 */
'use strict';
const fs = require('node:fs');
const { reporters } = require('mocha');

module.exports = class SummaryReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const line = `${this.stats.passes} passed, ${this.stats.failures} failed`;
    if (process.env.TEST_SUMMARY_FILE) {
      fs.writeFileSync(process.env.TEST_SUMMARY_FILE, `${line}\n`);
    }
    process.stdout.write(`${line}\n`);
  }
};
