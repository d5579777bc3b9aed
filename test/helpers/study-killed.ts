/**
 * Runs a study and kills its own process, without any warning, at a given event:
 * `study-killed.ts STUDY OUT EVENT`. Ends with 0 where the study was done before.
 */
import process from 'node:process';
import '../../src/nn/platform/node/use.js';
import { executeAsync } from '../../src/aofd/study/execute.js';
import { openStudyAsync } from '../../src/aofd/study/open.js';
import { StudyStore } from '../../src/aofd/study/store.js';

const [, , file = '', out = '', event = '0'] = process.argv;
const opened = await openStudyAsync(file, out);
let count = 0;
await executeAsync({
  ...opened,
  store: new StudyStore(out),
  runs: opened.plan.runs,
  version: '0',
  onEvent: () => {
    if (count++ === Number(event)) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(0);
