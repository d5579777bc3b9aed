import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReports } from '../../../bench/report/files.js';
import { BEGIN, END, insertTable, newestReports } from '../../../bench/report/readme.js';
import { conv, entry, report } from '../reports.js';

const root = join(import.meta.dirname, '../../..');

describe('bench: table of the README', () => {
  const direct = entry('aofd', 'direct', 20, 20, 40);
  const peer = entry('tfjs-webgpu', '', 200, 200, 400);
  const figure = {
    group: 'detect',
    name: 'lite, 640x480: steady, decoding and drawing included',
    value: 8.6789,
    unit: 'images/s',
  };
  const full = report([conv('conv3_2 forward', [direct, peer])], { figures: [figure] });
  const dated = (date: string, name: string) => {
    const { environment } = full;
    const adapter = { ...environment.adapter, name };
    return { ...full, environment: { ...environment, date, adapter } };
  };

  it('stands between its markers and nowhere else', () => {
    const text = insertTable(`before\n${BEGIN}\nold\n${END}\nafter`, [full]);
    expect(text)
      .to.match(/^before\n/)
      .and.match(/\nafter$/);
    expect(text).not.to.include('old');
    expect(insertTable(text, [full])).to.equal(text);
    expect(() => insertTable('nothing', [full])).to.throw('Fix: add both lines');
  });

  it('has a column for each report, and only rows that one of them measured', () => {
    const text = insertTable(`${BEGIN}${END}`, [full, report([])]);
    const cells = text.split('\n').filter((line) => line.startsWith('|'));
    expect(cells).to.have.length(4);
    expect(cells[0]).to.equal('| what | lavapipe | lavapipe |');
    expect(cells[2]).to.match(/direct algorithm, .* \| 10 to 10x \(geometric mean 10x\) \| - \|$/);
    expect(cells[3]).to.match(/^\| detection with `lite`, .* \| 8.68 \| - \|$/);
  });

  it('takes the newest report of each adapter', () => {
    const dates = newestReports([
      dated('2026-01-01', 'a'),
      dated('2026-01-03', 'a'),
      dated('2026-01-02', 'b'),
    ]).map(({ environment }) => environment.date);
    expect(dates).to.deep.equal(['2026-01-03', '2026-01-02']);
  });

  it('is in the README what the kept reports say: npm run bench:readme', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const reports = newestReports(readReports(join(root, 'bench/results')));
    expect(insertTable(readme, reports)).to.equal(readme);
    expect(readme.split(BEGIN)[1]?.split(END)[0]?.match(/^\| /gm)).to.have.length(2 + 6);
  });
});
