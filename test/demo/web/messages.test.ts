import { expect } from 'chai';
import { plainMessage } from '../../../demo/web/src/messages.js';
import { BrowserError } from '../../../src/aofd/browser/errors.js';
import { PlatformError } from '../../../src/nn/platform/index.js';

describe('the page: errors in plain words', () => {
  it('has words for what the library and the browser throw', () => {
    const thrown = [
      new PlatformError('no-webgpu', 'platform: x'),
      new PlatformError('no-adapter', 'platform: x'),
      new PlatformError('insecure-context', 'platform: x'),
      new BrowserError('weights-download', 'x'),
      new BrowserError('picture', 'x'),
      new BrowserError('video', 'x'),
      ...['NotAllowedError', 'NotFoundError', 'NotReadableError', 'InvalidStateError'].map(
        (name) => new DOMException('x', name),
      ),
    ];
    for (const error of thrown) {
      const { title, fix } = plainMessage(error);
      expect(title, String(error)).to.not.match(/went wrong|undefined|Error/);
      expect(fix, String(error)).to.have.length.greaterThan(10);
    }
  });

  it('shows the message and remedy of any other error', () => {
    const error = new PlatformError('something-new', 'platform: odd', { fix: 'turn it off.' });
    expect(plainMessage(error).title).to.contain('odd');
    expect(plainMessage(error).fix).to.equal('turn it off.');
    expect(plainMessage(undefined).title).to.contain('undefined');
  });
});
