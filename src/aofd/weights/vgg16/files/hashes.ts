/**
 * SHA-256 of the published VGG16 convolutions, to tell whether a file holds them bit for bit.
 *
 * What was hashed: one NumPy .npy file (version 1) per parameter, little-endian float32, C order,
 * as NumPy before 1.14 wrote it: the header padded with 1 to 16 spaces to a multiple of 16 bytes.
 * Kernels are [H, W, I, O]; the input channels of conv1_1 are R, G, B (the published network's own
 * order, and ours, is B, G, R). The values are those of the Caffe model VGG_ILSVRC_16_layers (Oxford
 * Visual Geometry Group, CC BY 4.0), which Keras and the NumPy conversions carry unchanged.
 * torchvision trained a VGG16 of its own: its files never match.
 *
 * No hash is known for fc6 and fc7.
 */
import { serializeNpy } from '../../../../nn/io/npy.js';
import { sha256Hex } from '../../../../nn/io/files/sha256.js';
import { oihwToHwio, reverseInputChannels } from '../convert.js';

/** Our parameter name -> hash of its .npy file. */
export const VGG16_SHA256: Readonly<Record<string, string>> = {
  'conv1_1.weight': '0b1cf41d353ae96b186f2cffb6c17b5c89578e1cbaca2570f01bd29b1ae4bff3',
  'conv1_1.bias': '39b777679d117e1bf0b5d10f7aa39a06a5b7c2419d37ef018f2dcce04b2b1f4b',
  'conv1_2.weight': 'e0726ea150fbc302519bc612216965b73e54e06edf4eee18bbf3275b2bb5fe8a',
  'conv1_2.bias': '02b83a47ae29c4f36f5882286297445b4f1de63236e57c2fd2e1a4d92efaaad3',
  'conv2_1.weight': 'a5afaf85c57ef8bc57b1a6f836f028803c43db7d5a273804c2209940abd63e3a',
  'conv2_1.bias': '0bae357e418c37c926b64dd9891c123a9cdba0c5aea6c571b723be9fbe31c6ba',
  'conv2_2.weight': '301ed9e0f016731a0d40c24d85e64722411d60e71f6abbbfa54b067d37f7ac24',
  'conv2_2.bias': 'a557d3ffcd15035c8eba506716060701d0f7a8a0c0bdc4428cb048fc864726bc',
  'conv3_1.weight': '475259f3d0b67228b8ca3ee86d8886aafd426de9c105c313536a3e5a7e2dc21b',
  'conv3_1.bias': '9c0511e766da165a93e405cca152c62ecf04537a313f59692d843341a6609dc4',
  'conv3_2.weight': '849222494fc38d91b48c3ecbf926902b00ac948ad320d0e090adcdf7e8d0c4ea',
  'conv3_2.bias': 'fb0bd38723825fda7dc2d0420e006c735d5ff2ddba28cc6b8afab52ab532c084',
  'conv3_3.weight': 'c5477b3e8acd8b06a0bb61a911ab8ee8a6d170ee0a472be10e11a34d348a90e1',
  'conv3_3.bias': '1e266025a896e451e18e82c9dbc566f937c8d472d5ea26144371652db5fbaee7',
  'conv4_1.weight': '3b47a57c89a0830ba1d9254b04294d19672cbaaf13b6435468a667c3e8d44719',
  'conv4_1.bias': '7c4bb9644cdd0b5597f4bfb4613fdc9603672956330af6931b2a62700b5085ae',
  'conv4_2.weight': '5bc77036717f670f9a60c3eaaedb99dd20b0ad724b3d9a726d98136f37df6926',
  'conv4_2.bias': '104bbb00dd5c08ad1cb9fa0f334e68d543335d35f953f1710a97841db9cb7932',
  'conv4_3.weight': '30b04aee37776be57ea02a6b3f675f558fa112be093ad04bb154cdba40972217',
  'conv4_3.bias': 'c5b74eb9033f318179fdcdba8050376c2864b14e8e4db897a32a872eb9bdf27b',
  'conv5_1.weight': '0762da95abcd9bb50e3f8f3ceb92896248acb11c915560ebff9986d8c0feef6b',
  'conv5_1.bias': '358765a638d307302043c63d2b9db87868e45a3815bcf77e275dedbb03a619e6',
  'conv5_2.weight': '23b9a3044d08e6dc9505eef72e287a3761d5244abc52aa64ba1d4242517f22a3',
  'conv5_2.bias': 'df27c8839fc4aff5094536eab4fab56007ba03dc80b33743d1f455d6e912e32e',
  'conv5_3.weight': '4658b83cf8520e863527595824183c7bfc09b29705178e2b95929445a617a403',
  'conv5_3.bias': 'be2107dcffff80e6098e0fb344dbce3c2939674ad1f510d2987bce51fb16304a',
};

/**
 * - `verified`: exactly the published values
 * - `differs`: not the published weights (another training, rounded, or converted values)
 * - `no-hash`: nothing was published to compare with
 */
export type VggVerdict = 'verified' | 'differs' | 'no-hash';

/** Hash of one parameter (our layout: OIHW, B, G, R) in the form that was published. */
export function vggParameterSha256(
  name: string,
  shape: readonly number[],
  data: Float32Array,
): string {
  if (shape.length !== 4) return sha256Hex(serializeNpy({ shape, data }, 16));
  const [o, i, h, w] = shape as [number, number, number, number];
  const rgb = name === 'conv1_1.weight' ? reverseInputChannels(data, o, i, h * w) : data;
  const hwio = oihwToHwio(rgb, o, i, h, w);
  return sha256Hex(serializeNpy({ shape: [h, w, i, o], data: hwio }, 16));
}

/** Compares one parameter with the published list. */
export function checkVggParameter(
  name: string,
  shape: readonly number[],
  data: Float32Array,
): VggVerdict {
  const published = VGG16_SHA256[name];
  if (published === undefined) return 'no-hash';
  return vggParameterSha256(name, shape, data) === published ? 'verified' : 'differs';
}
