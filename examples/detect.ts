/**
 * Finds faces in a photograph and says what share of each is covered.
 *
 *     npx tsx examples/detect.ts photo.jpg [weights.safetensors]
 *
 * In your own project, import from 'aofd'.
 */
import process from 'node:process';
import { Detector } from '../src/aofd/index.js';

const [file = 'node_modules/@vladmandic/face-api/demo/sample1.jpg', weights] =
  process.argv.slice(2);

await using detector = await Detector.createAsync(weights === undefined ? {} : { weights });
await detector.warmUpAsync(); // compiles the kernels; detections are fast from here on

const { faces, timeMs } = await detector.detectAsync(file);
console.log(`${faces.length} faces in ${Math.round(timeMs)} ms`);
for (const face of faces) {
  const [x1, y1, x2, y2] = face.box.map(Math.round);
  const cover = face.occlusion ? `, ${Math.round(100 * face.occlusion.ratio)} % covered` : '';
  const warning = face.isOccluded(0.3) ? '  <- ask for a clear view' : '';
  console.log(
    `face at ${x1},${y1} - ${x2},${y2}: score ${face.score.toFixed(2)}${cover}${warning}`,
  );
}
