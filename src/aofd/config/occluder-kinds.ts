/** What can be painted over a face from photographs of things. */
export const PHOTO_KINDS = [
  'photo-hand',
  'photo-glasses',
  'photo-scarf',
  'photo-mask',
  'photo-object',
] as const;
export type PhotoKind = (typeof PHOTO_KINDS)[number];

/** What can be painted over a face without any stock of pictures. */
export const DRAWN_KINDS = [
  'medical-mask',
  'scarf',
  'sunglasses',
  'hand',
  'block',
  'blob',
  'hat',
  'fringe',
] as const;
export type DrawnKind = (typeof DRAWN_KINDS)[number];

/** What can be painted over a face, in the order in which the painter draws among them. */
export const OCCLUDER_KINDS = [...DRAWN_KINDS, 'cutout', ...PHOTO_KINDS] as const;
export type OccluderKind = (typeof OCCLUDER_KINDS)[number];
