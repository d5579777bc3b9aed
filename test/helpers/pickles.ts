/** NumPy files written by hand, and the pickles that NumPy puts into object arrays. */

/** A .npy file of these header fields. */
export function npy(
  descr: string,
  fortran: boolean,
  shape: string,
  data: Uint8Array,
  major = 1,
): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }\n`;
  const lengthBytes = major === 1 ? [text.length, 0] : [text.length, 0, 0, 0];
  const head = [0x93, ...new TextEncoder().encode('NUMPY'), major, 0, ...lengthBytes];
  return Uint8Array.from([...head, ...new TextEncoder().encode(text), ...data]);
}

// numpy.save of {'conv1_1': [float32 (1,2,3) 0..5, big-endian float64 [1.5, -2]],
//   'fc6': {'weights': Fortran-order float32 (2,3) 0..5, 'biases': int16 [7]}}
export const OBJECT_HEADER = npy('|O', false, '()', new Uint8Array(0));
export const PROTOCOL_4 =
  'gASV3wEAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLASloA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZR9lCiMB2NvbnYxXzGUXZQoaAJoBUsAhZRoB4eUUpQoSwFLAUsCSwOHlGgLjAJmNJSJiIeUUpQoSwOMATyUTk5OSv////9K/////0sAdJRiiUMYAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAlHSUYmgCaAVLAIWUaAeHlFKUKEsBSwKFlGgLjAJmOJSJiIeUUpQoSwOMAT6UTk5OSv////9K/////0sAdJRiiUMQP/gAAAAAAADAAAAAAAAAAJR0lGJljANmYzaUfZQojAd3ZWlnaHRzlGgCaAVLAIWUaAeHlFKUKEsBSwJLA4aUaBuIQxgAAAAAAABAQAAAgD8AAIBAAAAAQAAAoECUdJRijAZiaWFzZXOUaAJoBUsAhZRoB4eUUpQoSwFLAYWUaAuMAmkylImIh5RSlChLA2gcTk5OSv////9K/////0sAdJRiiUMCBwCUdJRidXVhdJRiLg==';
export const PROTOCOL_2 =
  'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBKWNudW1weQpkdHlwZQpxClgCAAAATzhxC4mIh3EMUnENKEsDWAEAAAB8cQ5OTk5K/////0r/////Sz90cQ9iiV1xEH1xEShYBwAAAGNvbnYxXzFxEl1xEyhoAGgBSwCFcRRoB4dxFVJxFihLAUsBSwJLA4dxF2gKWAIAAABmNHEYiYiHcRlScRooSwNYAQAAADxxG05OTkr/////Sv////9LAHRxHGKJaANYGwAAAAAAAAAAAMKAPwAAAEAAAEBAAADCgEAAAMKgQHEdaAWGcR5ScR90cSBiaABoAUsAhXEhaAeHcSJScSMoSwFLAoVxJGgKWAIAAABmOHEliYiHcSZScScoSwNYAQAAAD5xKE5OTkr/////Sv////9LAHRxKWKJaANYEgAAAD/DuAAAAAAAAMOAAAAAAAAAAHEqaAWGcStScSx0cS1iZVgDAAAAZmM2cS59cS8oWAcAAAB3ZWlnaHRzcTBoAGgBSwCFcTFoB4dxMlJxMyhLAUsCSwOGcTRoGohoA1gbAAAAAAAAAAAAQEAAAMKAPwAAwoBAAAAAQAAAwqBAcTVoBYZxNlJxN3RxOGJYBgAAAGJpYXNlc3E5aABoAUsAhXE6aAeHcTtScTwoSwFLAYVxPWgKWAIAAABpMnE+iYiHcT9ScUAoSwNoG05OTkr/////Sv////9LAHRxQWKJaANYAgAAAAcAcUJoBYZxQ1JxRHRxRWJ1dWF0cUZiLg==';

/** An object array around a pickle. */
export const objectNpy = (pickle: string): Uint8Array =>
  Uint8Array.from([...OBJECT_HEADER, ...Buffer.from(pickle, 'base64')]);
