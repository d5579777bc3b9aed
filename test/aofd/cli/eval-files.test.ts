/** What `aofd eval` says of the result files that it is given: mistakes in paths, names and units. */
import { expect } from 'chai';
import { runCli } from '../../../src/aofd/cli/main.js';
import { capturedAsync } from '../../helpers/captured.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('aofd eval: result files', () => {
  const at = useSuiteFolder();
  const head = 'image,x1,y1,x2,y2,score';
  let right: string;
  let wrong: string;

  before(() => {
    at.write(
      'val.json',
      JSON.stringify({
        images: [{ id: 1, file_name: 'a.png', width: 200, height: 200 }],
        annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [10, 10, 40, 40] }],
        categories: [{ id: 1, name: 'face' }],
      }),
    );
    right = at.write('right.csv', `${head}\na.png,10,10,50,50,0.9\n`);
    wrong = at.write('wrong.csv', `${head}\na.png,120,120,150,150,0.9\na.png,1,1,3,3,0.4\n`);
  });

  async function evaluate(...more: string[]): Promise<{ result: number; err: string }> {
    const common = ['--data', at('val.json'), '--bootstrap', '0', '--out', at('out')];
    return capturedAsync(() => runCli(['eval', 'coco', ...common, ...more]));
  }

  it('a comparison with two detectors is refused, also of one name', async () => {
    for (const name of ['a', 'b']) {
      const { result, err } = await evaluate(
        ...['--detections', right, '--compare', `a=${wrong}`, '--compare', `${name}=${right}`],
      );
      expect(err).to.include(`--compare names two detectors (a=${wrong} and ${name}=${right})`);
      expect(result).to.equal(2);
    }
  });

  it('a file that is not there is named as such, whichever option gives it', async () => {
    const none = at('none.csv');
    for (const more of [
      ['--detections', none],
      ['--detections', right, '--peer', `x=${none}`],
      ['--detections', right, '--compare', none],
    ]) {
      const { result, err } = await evaluate(...more);
      expect(err, more.join(' ')).to.include(`${none}: there is no such detections file.`);
      expect(result).to.equal(1);
    }
  });

  it('boxes of which none touches a face are doubted, whichever option gives them', async () => {
    const rows: [name: string, args: string[]][] = [
      ['mine', ['--detections', wrong, '--name', 'mine']],
      ['theirs', ['--detections', right, '--peer', `theirs=${wrong}`]],
      ['other', ['--detections', right, '--compare', `other=${wrong}`]],
    ];
    for (const [name, args] of rows) {
      const { result, err } = await evaluate(...args);
      expect(result, err).to.equal(0);
      expect(err).to.include(`warning: ${name}: every figure is 0 although there are 2 boxes`);
      expect(err.match(/every figure is 0/g), name).to.have.length(1);
    }
    const { err } = await evaluate('--detections', right, '--peer', `theirs=${right}`);
    expect(err).to.not.include('every figure is 0');
  });
});
