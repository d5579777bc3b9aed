import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

interface Header {
  /** Folder and name. */
  kernel: string;
  op: string;
  twin: string | undefined;
  cases: string;
}

/** `// Op: FILE · twin: FILE · cases: FILE`, FILE (function) where a file has many; the twin may be missing where tests state what they expect. */
const line = /^\/\/ Op: (\S+\.ts)(?: \(\w+\))?(?: · twin: (\S+\.ts))? · cases: (\S+\.ts)$/m;

// Probes are no operations, and includes are parts of kernels.
const kernels = readdirSync(new URL('kernels/', root), { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.wgsl') && !/^(include|probe)\//.test(file))
  .map((file) => file.replace(/\.wgsl$/, ''))
  .sort();

function headerOf(kernel: string): Header {
  const found = line.exec(read(`kernels/${kernel}.wgsl`));
  if (!found) throw new Error(`kernels/${kernel}.wgsl has no line "// Op: ... · cases: ..."`);
  return { kernel, op: found[1] as string, twin: found[2], cases: found[3] as string };
}

describe('the header of a kernel', () => {
  it('names files that exist', () => {
    for (const { kernel, op, twin, cases } of kernels.map(headerOf)) {
      for (const file of [op, twin, cases]) {
        expect(
          file === undefined || existsSync(new URL(file, root)),
          `${kernel}: ${file}`,
        ).to.equal(true);
      }
    }
  });

  it('names the file that dispatches it', () => {
    for (const { kernel, op } of kernels.map(headerOf)) {
      const name = kernel.slice(kernel.indexOf('/') + 1);
      expect(read(op), `${op} does not run ${kernel}`).to.match(
        new RegExp(`'(${kernel}|${name})'`),
      );
    }
  });

  it('names cases that compare with its twin', () => {
    for (const { kernel, twin, cases } of kernels.map(headerOf)) {
      if (twin === undefined) continue;
      const imported = twin.replace(/^src\//, '').replace(/\.ts$/, '.js');
      expect(read(cases), `${kernel}: ${cases}`).to.include(imported);
    }
  });

  it('agrees with that of its gradient', () => {
    const headers = new Map(kernels.map((kernel) => [kernel, headerOf(kernel)]));
    for (const { kernel, op, twin, cases } of headers.values()) {
      const forward = headers.get(kernel.replace(/_backward.*$/, ''));
      if (forward)
        expect({ op, twin, cases }, kernel).to.deep.include({
          op: forward.op,
          twin: forward.twin,
          cases: forward.cases,
        });
    }
  });
});
