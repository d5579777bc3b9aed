import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { JUDGEMENTS } from '../../src/aofd/config/judgements.js';
import {
  commentsOf,
  danglingCitations,
  danglingLinks,
  danglingPaths,
  parseSpecification,
} from '../../scripts/check/references.js';

const spec = parseSpecification('## 2. Mining\n\n### 1.13 Optimiser\n\n| J3 | a cap | why |\n');
const exists = (path: string): boolean => path === 'src/nn/ops' || path === 'docs/spec.md';

describe('references in texts and comments', () => {
  it('reports paths that do not exist, with their lines', () => {
    const text = 'see `src/nn/ops`,\nnot `src/nn/layers/` nor nn/cpu.';
    expect(danglingPaths(text, exists)).to.deep.equal([
      { line: 2, what: 'no such path: src/nn/layers' },
      { line: 2, what: 'no such path: nn/cpu' },
    ]);
  });

  it('takes a list in braces for several paths, and a kernel without its ending', () => {
    const known = (path: string): boolean => ['src/nn/a.ts', 'kernels/b.wgsl'].includes(path);
    const [paths, kernel] = ['src/nn/' + '{a,c}.ts', 'kernels/' + 'b'];
    expect(danglingPaths(`${paths} ${kernel}`, known)).to.deep.equal([
      { line: 1, what: `no such path: ${'src/nn/' + 'c.ts'}` },
    ]);
  });

  it('passes globs, placeholders and addresses', () => {
    const text = 'src/nn/*.ts kernels/<family>/x.wgsl bench/results/NAME https://a.org/src/gone';
    expect(danglingPaths(text, exists)).to.deep.equal([]);
  });

  it('reads the comments of a source only', () => {
    // The marks are put together here, or the check would read this text as comments.
    const [line, open, close] = ['//', '/' + '**', '*' + '/'];
    const source = `import './src/a.js'; ${line} src/b.ts\n${open}\nsrc/c.ts\n${close}\nf('docs/d.md');`;
    expect(danglingPaths(commentsOf(source), exists).map(({ line }) => line)).to.deep.equal([1, 3]);
  });

  it('resolves links from the folder of the document', () => {
    const text = '[a](spec.md#1) [b](gone.md) [c](https://a.org) [d](#here)';
    expect(danglingLinks(text, 'docs', exists)).to.deep.equal([
      { line: 1, what: 'link to nothing: gone.md' },
    ]);
  });

  it('checks cited sections, over line ends and in lists, and judgement calls', () => {
    // Put together here, or the check would find the dangling ones in this text.
    const [file, unknown] = ['docs/' + 'spec.md', 'J' + '30'];
    const good = `(${file}\n * 1.13, 2: at 3 pixels), ${file} J3, ${file} 2.`;
    expect(danglingCitations(good, spec)).to.deep.equal([]);
    expect(danglingCitations(`${file} 1.13, 4.4 and ${unknown}`, spec)).to.deep.equal([
      { line: 1, what: `${file} has no section 4.4` },
      { line: 1, what: `${file} has no judgement call ${unknown}` },
    ]);
  });

  it('the specification lists every judgement call of the configuration, and no other', () => {
    const { judgements } = parseSpecification(readFileSync('docs/spec.md', 'utf8'));
    expect([...judgements]).to.deep.equal(JUDGEMENTS.map(({ id }) => id));
  });
});
