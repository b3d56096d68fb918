/** The streams of an opportunity (domain.md, section 2): one lane, notes and desk for each provider that engages. */
export const PUBLIC = 'public';
export const OPERATOR = 'operator';
export const laneOf = (org: string): string => `lane:${org}`;
export const notesOf = (org: string): string => `notes:${org}`;
export const deskOf = (org: string): string => `desk:${org}`;

const LANE = laneOf('');
export const isLane = (stream: string): boolean => stream.startsWith(LANE);

const DESK = deskOf('');
/** The provider whose desk a stream is; undefined where it is none. */
export const orgOfDesk = (stream: string): string | undefined =>
  stream.startsWith(DESK) ? stream.slice(DESK.length) : undefined;
