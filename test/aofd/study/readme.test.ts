import { expect } from 'chai';
import { DataError } from '../../../src/aofd/errors.js';
import {
  BEGIN,
  END,
  claimsMarkdown,
  insertClaims,
  parseStudyDocument,
} from '../../../src/aofd/study/report/readme.js';
import { thrownBy } from '../../helpers/rejection.js';

describe('the table of claims for a README', () => {
  const result = (difference: number, low: number, high: number, verdict: string): object => ({
    difference,
    interval: { low, high },
    level: 0.95,
    verdict,
  });
  const document = {
    format: 'aofd-study/1',
    study: {
      seeds: [1, 2, 3],
      settings: [{ name: 'a' }, { name: 'b' }],
      claims: [
        {
          name: 'one',
          where: 'Table 2',
          text: 'A | B.',
          paper: { better: 0.9, worse: 0.85 },
        },
        {
          name: 'two',
          where: 'Figure 5',
          text: 'Errors fall.',
          isLowerBetter: true,
          paper: { better: 0.1, worse: 0.13 },
        },
        { name: 'three', where: 'Section 4', text: 'Said only.' },
      ],
    },
    runs: [{ status: { state: 'done' } }, { status: { state: 'failed' } }],
    claims: [
      { name: 'two', label: 'error', result: result(-0.02, -0.03, -0.01, 'disagrees'), note: 'x' },
      { name: 'one', label: 'AP', result: result(0.012, 0.001, 0.023, 'agrees'), note: null },
      { name: 'three', label: 'AP', result: null, note: 'not both settings have results' },
    ],
    making: { created: '2026-11-30T10:00:00.000Z', totalMs: 2.7e7 },
  };

  it('has a row for each claim in the order of the study, and counts words', () => {
    const text = claimsMarkdown(parseStudyDocument(JSON.stringify(document), 'report.json'));
    const [head, , , , one, two, three] = text.split('\n');
    expect(head).to.equal(
      'Of 3 claims 1 agree, 1 disagree and 0 are not resolved (1 of 2 runs: 2 settings, 3 seeds; 7.5 h, 2026-11-30).',
    );
    expect(one).to.equal(
      '| A \\| B. | Table 2 | AP | +0.050 | +0.012 [+0.001, +0.023] | **agrees** |',
    );
    expect(two).to.equal(
      '| Errors fall. | Figure 5 | error | +0.030 | −0.020 [−0.030, −0.010] | **disagrees**; x |',
    );
    expect(three).to.equal(
      '| Said only. | Section 4 | AP | no number | – | no result; not both settings have results |',
    );
  });

  it('goes between its markers, and says where they are missing', () => {
    const page = `before\n${BEGIN}\nold\n${END}\nafter\n`;
    const once = insertClaims(page, 'new', 'README.md');
    expect(once).to.equal(`before\n${BEGIN}\n\nnew\n\n${END}\nafter\n`);
    expect(insertClaims(once, 'new', 'README.md')).to.equal(once);
    for (const broken of ['nothing', `${END} ${BEGIN}`, `${BEGIN}${BEGIN}${END}`, BEGIN]) {
      const error = thrownBy(() => insertClaims(broken, 'new', 'README.md'), DataError);
      expect(error.message).to.match(/README\.md.*study:begin.*Fix/s);
    }
    const error = thrownBy(() => parseStudyDocument('{}', 'other.json'), DataError);
    expect(error.message).to.match(/other\.json: is not a report of a study/);
  });
});
