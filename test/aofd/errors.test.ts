import { expect } from 'chai';
import { explainError, InterruptedError, UsageError } from '../../src/aofd/cli/errors.js';
import { ConfigError, DataError, ImageDecodeError, TrainError } from '../../src/aofd/errors.js';
import { NnError } from '../../src/nn/errors.js';
import { IoError } from '../../src/nn/io/errors.js';
import { PlatformError } from '../../src/nn/platform/index.js';

describe('errors', () => {
  const options = { where: 'a.json:3', fix: 'do that.', detail: 'more', cause: new Error('why') };
  const all: readonly [string, NnError][] = [
    ['NnError', new NnError('shape', 'got 3.', options)],
    ['PlatformError', new PlatformError('no-adapter', 'got 3.', options)],
    ['IoError', new IoError('io/format', 'got 3.', options)],
    ['ConfigError', new ConfigError('config', 'got 3.', options)],
    ['DataError', new DataError('list-malformed', 'got 3.', options)],
    ['ImageDecodeError', new ImageDecodeError('image-empty', 'got 3.', options)],
    ['TrainError', new TrainError('non-finite', 'got 3.', options)],
    ['UsageError', new UsageError('usage', 'got 3.', options)],
    ['InterruptedError', new InterruptedError('interrupted', 'got 3.', options)],
  ];

  for (const [name, error] of all) {
    it(`${name} has the fields and the text of all others`, () => {
      expect(error).to.be.instanceOf(NnError);
      expect(error.name).to.equal(name);
      expect(error.reason).to.equal('got 3.');
      const { where, fix, detail, cause } = error;
      expect({ where, fix, detail, cause }).to.deep.equal(options);
      expect(error.kind).to.equal(name === 'PlatformError' ? 'device' : 'user');
      expect(error.message).to.equal('a.json:3: got 3. Fix: do that.\nmore');
    });
  }

  it('are explained by their fields, whatever their text looks like', () => {
    const error = new NnError('x', 'the comment says "Fix: later".', { fix: 'do it now.' });
    expect(explainError(error)).to.deep.include({
      text: 'the comment says "Fix: later".',
      fix: 'do it now.',
    });
  });
});
