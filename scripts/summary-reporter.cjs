/**
 * Mocha's spec reporter, ending with one line for machines: "N passed, N failed".
 * With `TEST_SUMMARY_FILE` set, the same line is written there too.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { reporters } = require('mocha');

module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.isOver = false;
    runner.on('fail', (test, error) => this.#failed(error));
  }

  /** Names the file that could not be loaded, or whose process died: with `--parallel` nothing else does. */
  #failed(error) {
    if (error?.uncaught && error.file) {
      error.stack = `${path.relative(process.cwd(), error.file)}: ${error.stack}`;
    }
    // After the first such file mocha calls the run ended, and tells of the others afterwards.
    if (!this.isOver) return;
    process.stdout.write(`     ${error?.stack ?? error}\n`);
    this.#summarize();
  }

  epilogue() {
    super.epilogue();
    this.isOver = true;
    this.#summarize();
  }

  #summarize() {
    const line = `${this.stats.passes} passed, ${this.stats.failures} failed`;
    if (process.env.TEST_SUMMARY_FILE) {
      fs.writeFileSync(process.env.TEST_SUMMARY_FILE, `${line}\n`);
    }
    process.stdout.write(`${line}\n`);
  }
};
