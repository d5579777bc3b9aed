import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { ImageNames } from '../../../../src/aofd/eval/detections/image-names.js';
import {
  decodeRunLength,
  encodeRunLength,
  runLengthArea,
} from '../../../../src/aofd/detect/rle.js';
import { checkRuns, paintRuns, runsOfCoco } from '../../../../src/aofd/eval/occlusion/runs.js';
import { decodeCocoCounts } from '../../../../src/aofd/formats/coco-counts.js';
import type { DetectionSet } from '../../../../src/aofd/eval/protocol.js';
import {
  readDetectionsAsync,
  sharedFormatOf,
} from '../../../../src/aofd/eval/detections/readers.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

const images = ['val/a.jpg', 'val/b.jpg', 'other/b.jpg', 'val/c, d.jpg'].map((name) => ({
  name,
  file: null,
}));
const imageIds = new Map(images.map(({ name }, i) => [i + 1, name]));

describe('readers of detections', () => {
  const at = useSuiteFolder();

  const save = (content: unknown, name = 'results'): string => {
    const file = at(name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  const read = (...contents: unknown[]): Promise<DetectionSet> =>
    readDetectionsAsync(
      contents.map((content, i) => save(content, `results${i}`)),
      images,
      'mine',
      { imageIds },
    );
  const failure = async (...contents: unknown[]): Promise<string> => {
    try {
      await read(...contents);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('nothing was wrong');
  };

  describe('csv', () => {
    it('reads rows in any order of columns, names in quotes, CRLF and a closing Ctrl-Z', async () => {
      const set = await read(
        'score,image,x1,y1,x2,y2,occlusion,category\r\n' +
          '.5,val/a.jpg,1,2,3.5,4,.25,2\r\n-1e1,"c, d.jpg",0,0,1,1,,\r\n\x1a',
      );
      expect(set.byImage.get('val/a.jpg')).to.deep.equal([
        { box: [1, 2, 3.5, 4], score: 0.5, occlusion: 0.25, category: 2 },
      ]);
      expect(set.byImage.get('val/c, d.jpg')).to.deep.equal([{ box: [0, 0, 1, 1], score: -10 }]);
      expect(set.facts[0]!.value).to.match(/^results0 \(csv, 2 boxes, SHA-256 [0-9a-f]{64}\)$/);
    });

    const header = 'image,x1,y1,x2,y2,score\n';
    const faults: [string, string, RegExp][] = [
      [
        'a NaN score',
        `${header}a.jpg,0,0,1,1,.5\na.jpg,0,0,1,1,NaN`,
        /results0:3: score is not a fi/,
      ],
      ['an infinite corner', `${header}a.jpg,0,0,inf,1,.5`, /results0:2: x2 .*"inf"/],
      ['an empty value', `${header}a.jpg,0,0,,1,.5`, /results0:2: x2 .*got ""/],
      ['a short row', `${header}a.jpg,0,0,1,1`, /results0:2: expected 6 values, got 5/],
      ['corners in the wrong order', `${header}a.jpg,5,0,1,1,.5`, /results0:2: .*negative size/],
      ['a missing column', 'image,x1,y1,w,h,score\n', /results0:1: the header lacks x2, y2/],
      ['a column twice', 'image,x1,y1,x2,y2,score,score\n', /results0:1: .*twice/],
      ['a repeated row', `${header}a.jpg,0,0,1,1,.5\n\na.jpg,0,0,1,1,.5`, /results0:4: .*as .*:2/],
      ['a doubtful name', `${header}b.jpg,0,0,1,1,.5`, /could be several images.*val\/b.jpg/],
      ['no known header', 'file;left;top\n', /results0:1: not a format that is known/],
      ['an open quote', `${header}"a.jpg,0,0,1,1,.5\n`, /results0:\d: not a csv .*[Qq]uote/],
    ];
    for (const [what, content, pattern] of faults) {
      it(`names file and line of ${what}`, async () => {
        expect(await failure(content))
          .to.match(pattern)
          .and.include('Fix: ');
      });
    }

    it('lists the first unknown name and counts the others', async () => {
      const text = await failure(`${header}x.jpg,0,0,1,1,.5\nx.jpg,0,0,2,1,.5\ny.jpg,0,0,1,1,.5`);
      expect(text).to.match(/results0:2: image "x.jpg" is not in the set, nor are 1 other names/);
      expect(text).to.include('val/a.jpg').and.include('Fix: ');
    });

    it('keeps boxes of zero size and counts them', async () => {
      const set = await read(`${header}a.jpg,0,0,0,1,.5\na.jpg,0,0,1,0,.5`);
      expect(set.byImage.get('val/a.jpg')).to.have.length(2);
      expect(set.warnings).to.have.length(1);
      expect(set.warnings[0]).to.match(/^2 detections have a box of zero .*results0:2/);
    });
  });

  describe('COCO results', () => {
    const row = { image_id: 1, category_id: 2, bbox: [1, 2, 3, 4], score: 0.5 };

    it('reads boxes, categories and names as ids', async () => {
      const set = await read([row, { image_id: 'c, d.jpg', bbox: [0, 0, 1, 1], score: 1 }]);
      expect(set.byImage.get('val/a.jpg')).to.deep.equal([
        { box: [1, 2, 4, 6], score: 0.5, category: 2 },
      ]);
      expect(set.byImage.get('val/c, d.jpg')).to.have.length(1);
    });

    it('counts repeated rows, which the official tool takes', async () => {
      const set = await read([row, row, row]);
      expect(set.warnings[0]).to.match(/^2 detections repeat .*\[1\]/);
    });

    it('reads masks in both forms', async () => {
      // 3 high, 4 wide; column 1 covered, then the top of column 2.
      const counts = [3, 4, 5];
      const set = await read([
        { ...row, segmentation: { size: [3, 4], counts } },
        { ...row, score: 0.4, segmentation: { size: [3, 4], counts: '345' } },
      ]);
      const masks = set.byImage.get('val/a.jpg')!.map((face) => decodeRunLength(face.mask!));
      expect(masks[0]).to.deep.equal({
        x: 1,
        y: 0,
        width: 2,
        height: 3,
        data: Uint8Array.of(1, 1, 1, 0, 1, 0),
      });
      expect(masks[1]).to.deep.equal(masks[0]);
    });

    const faults: [string, unknown, RegExp][] = [
      [
        'an unknown id',
        [{ ...row, image_id: 9 }],
        /\[0\]\.image_id: .*"COCO id 9" is not in the set/,
      ],
      [
        'three numbers',
        [row, { ...row, bbox: [1, 2, 3] }],
        /\[1\]\.bbox: got .*expected 4 numbers/,
      ],
      ['a negative width', [{ ...row, bbox: [1, 2, -3, 4] }], /\[0\]\.bbox: .*negative size/],
      ['no score', [{ image_id: 1, bbox: [1, 2, 3, 4] }], /\[0\]\.score: got nothing/],
      ['a polygon', [{ ...row, segmentation: [[1, 2, 3]] }], /\[0\]\.segmentation: .*not polygons/],
      [
        'runs that do not fill the picture',
        [{ ...row, segmentation: { size: [3, 4], counts: [3, 3] } }],
        /\[0\]\.segmentation: .*add up to 6, expected 12/,
      ],
    ];
    for (const [what, content, pattern] of faults) {
      it(`names file and path of ${what}`, async () => {
        expect(await failure(content))
          .to.match(pattern)
          .and.include('Fix: ');
      });
    }

    it('gives the line of a NaN, which Python writes', async () => {
      const text = '[{"image_id": 1,\n "bbox": [1, 2, 3, 4],\n "score": NaN}]';
      expect(await failure(text)).to.match(/results0:3: NaN where a number/);
    });
  });

  describe('JSON lists of faces per image', () => {
    const face = { box: [0, 0, 2, 2], score: 0.5 };

    it('reads peers', async () => {
      const set = await read({ detector: 'x', images: [{ file: 'a.jpg', faces: [face] }] });
      expect(set.byImage.get('val/a.jpg')).to.deep.equal([{ box: [0, 0, 2, 2], score: 0.5 }]);
      expect(set.facts[0]!.value).to.equal('x');
    });

    it('reads documents of detect with masks and what they say of themselves', async () => {
      const mask = { x: 1, y: 1, width: 2, height: 1, counts: [1, 1] };
      const set = await read({
        version: '1',
        adapter: { name: 'cpu', kind: 'gpu' },
        weights: { file: 'w', sha256: 'abc' },
        images: [
          {
            file: '/somewhere/val/b.jpg',
            faces: [{ ...face, occlusion: { ratio: 0.5, mask } }],
          },
        ],
        errors: [{ file: 'a.jpg', error: 'broken' }],
      });
      expect(set.byImage.get('val/b.jpg')![0]).to.deep.equal({
        ...face,
        occlusion: 0.5,
        mask: { x: 1, y: 1, width: 2, height: 1, counts: [1, 1] },
      });
      expect(set.facts.map((fact) => fact.value)).to.include.members(['abc', 'cpu']);
      expect(set.warnings[0]).to.match(/1 pictures could not be read/);
    });

    it('refuses an image given twice, in one file or two', async () => {
      const list = { images: [{ file: 'a.jpg', faces: [face] }] };
      expect(
        await failure({ images: [...list.images, { file: 'val/a.jpg', faces: [] }] }),
      ).to.match(/images\[1\]\.file: image "val\/a.jpg" has results already .*images\[0\]/);
      expect(await failure(list, list)).to.match(/results1: images\[0\].*results0/);
      const csv = (x: number): string => `image,x1,y1,x2,y2,score\na.jpg,${x},1,40,40,0.5\n`;
      expect(await failure(csv(1), csv(2))).to.match(/results1:2: .*results already .*results0/);
      const coco = [{ image_id: 'a.jpg', category_id: 1, bbox: [1, 1, 9, 9], score: 0.5 }];
      expect(await failure(csv(1), coco)).to.match(/results1: .*results already .*results0/);
    });

    it('takes no keys from prototypes, and refuses the one that would set them', async () => {
      const refused = /results0: not valid JSON \(the key "__proto__" is not allowed\)/;
      const inherited = '{"images": [{"__proto__": {"file": "a.jpg"}, "faces": []}]}';
      expect(await failure(inherited)).to.match(refused);
      expect(await failure('{"__proto__": {"images": []}}')).to.match(refused);
      const harmless = '{"images": [{"file": "a.jpg", "faces": [], "toString": 1}]}';
      expect([...(await read(harmless)).byImage]).to.deep.equal([['val/a.jpg', []]]);
    });

    it('tells of nested values, and refuses those that are nested too deeply', async () => {
      const boxOf = (deep: string): string =>
        `{"images": [{"file": "a.jpg", "faces": [{"box": ${deep}, "score": 1}]}]}`;
      const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
      expect(await failure(boxOf(nested(90)))).to.match(
        /faces\[0\]\.box: got \[.*expected 4 numbers/,
      );
      expect(await failure(nested(90))).to.match(/\[0\]: got \[.*expected an object/);
      for (const text of [boxOf(nested(50_000)), nested(50_000)]) {
        expect(await failure(text)).to.match(/results0: not valid JSON \(values are nested more/);
      }
    });

    it('tells of wrong types everywhere, with file, place, what was got and expected', async () => {
      const wrong: [unknown, RegExp][] = [
        [{ images: [null] }, /results0: images\[0\]: got null, expected an object/],
        [{ images: [{ file: 3, faces: [] }] }, /images\[0\]\.file: got 3, expected a text/],
        [{ images: [{ file: 'a.jpg', faces: {} }] }, /\[0\]\.faces: got \{\}, expected a list/],
        [{ images: [], detector: [] }, /detector: got \[\], expected a text/],
        [{ images: [], weights: { sha256: 1 } }, /weights\.sha256: got 1, expected a text/],
        [{ images: [], weights: {}, errors: 1 }, /errors: got 1, expected a list/],
        [[[]], /\[0\]: got \[\], expected an object/],
        [[{ image_id: 1.5, bbox: [0, 0, 1, 1], score: 1 }], /\[0\]\.image_id: got 1\.5/],
        [
          '[{"image_id": 1, "bbox": [0, 0, 1e999, 1], "score": 1}]',
          /bbox\[2\]: got Infinity, expec/,
        ],
      ];
      for (const [content, pattern] of wrong) expect(await failure(content)).to.match(pattern);
    });

    it('names the path of a bad face', async () => {
      const bad = { images: [{ file: 'a.jpg', faces: [face, { ...face, score: 'high' }] }] };
      expect(await failure(bad)).to.match(/images\[0\]\.faces\[1\]\.score: got "high"/);
      const covered = {
        weights: {},
        images: [{ file: 'a.jpg', faces: [{ ...face, occlusion: { ratio: 40 } }] }],
      };
      expect(await failure(covered)).to.match(/faces\[0\]: the covered share is 40/);
    });
  });

  it('tells formats by content', () => {
    expect(sharedFormatOf(save('image,x1,y1,x2,y2,score\n'))).to.equal('csv');
    expect(sharedFormatOf(save([]))).to.equal('COCO results');
    expect(sharedFormatOf(save({ images: [] }))).to.equal('JSON faces per image');
    expect(sharedFormatOf(save('img_1\n2\n'))).to.equal(null);
    expect(sharedFormatOf(save({ results: [] }))).to.equal(null);
  });

  it('says which file is missing', async () => {
    let message = '';
    await readDetectionsAsync([at('none.csv')], images, 'x').catch(
      (error: unknown) => (message = (error as Error).message),
    );
    expect(message).to.match(/none\.csv: .*cannot be read \(ENOENT\)/);
  });
});

describe('names of images', () => {
  it('matches by the longest shared ending, with or without extension', () => {
    const names = new ImageNames(images);
    const found = (name: string): string | null => {
      const match = names.match(name);
      return match.kind === 'found' ? match.name : null;
    };
    expect(found('val/a.jpg')).to.equal('val/a.jpg');
    expect(found('a')).to.equal('val/a.jpg');
    expect(found('C:\\data\\val\\b.jpg')).to.equal('val/b.jpg');
    expect(found('./other/b')).to.equal('other/b.jpg');
    expect(names.match('b.jpg').kind).to.equal('ambiguous');
    expect(names.match('z.jpg').kind).to.equal('unknown');
    expect(() => new ImageNames([images[0]!, images[0]!])).to.throw('twice');
  });
});

describe('runs of covered pixels', () => {
  const maskArbitrary = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([width, height]) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        x: fc.integer({ min: -4, max: 8 }),
        y: fc.integer({ min: -4, max: 8 }),
        data: fc.array(fc.integer({ min: 0, max: 1 }), {
          minLength: width * height,
          maxLength: width * height,
        }),
      }),
    );

  it('come back as the mask, and paint what it covers, cut to the picture', () => {
    fc.assert(
      fc.property(maskArbitrary, (mask) => {
        const runs = encodeRunLength({ ...mask, data: Uint8Array.from(mask.data) });
        expect([...decodeRunLength(runs).data]).to.deep.equal(mask.data);
        expect(runLengthArea(runs)).to.equal(mask.data.filter((v) => v === 1).length);
        const painted = new Uint8Array(64);
        paintRuns(runs, painted, { width: 8, height: 8 });
        for (let y = 0; y < 8; y++) {
          for (let x = 0; x < 8; x++) {
            const [u, v] = [x - mask.x, y - mask.y];
            const isInside = u >= 0 && v >= 0 && u < mask.width && v < mask.height;
            expect(painted[8 * y + x]).to.equal(isInside ? mask.data[v * mask.width + u] : 0);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('are checked', () => {
    const runs = { x: 0, y: 0, width: 2, height: 2, counts: [1, 2] };
    expect(() => checkRuns(runs)).to.throw(RangeError, 'add up to 3, expected 4');
    expect(() => checkRuns({ ...runs, counts: [5, -1] })).to.throw(RangeError, 'whole');
    expect(() => encodeRunLength({ ...runs, data: Uint8Array.of(1) })).to.throw(RangeError, '2x2');
  });

  it("unpack COCO's text form", () => {
    expect(decodeCocoCounts('345')).to.deep.equal([3, 4, 5]);
    // 40 = 01000 + 1 * 32 takes two characters; the fourth number is a difference to the second.
    expect(decodeCocoCounts('X1345O')).to.deep.equal([40, 3, 4, 8, 3]);
    expect(decodeCocoCounts('T3b1\\9ROVHA')).to.deep.equal([100, 50, 300, 20, 50, 5]);
    expect(() => decodeCocoCounts('X')).to.throw(RangeError, 'end early');
    expect(() => decodeCocoCounts('\n')).to.throw(RangeError);
    expect(runsOfCoco([12], [3, 4]).counts).to.deep.equal([]);
  });
});
